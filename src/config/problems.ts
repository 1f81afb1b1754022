import type { z } from 'zod';

/** Every fault of a configuration at once, each a line that names the file, the field and the fix. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Collects faults with the path they are at, in kube-apiserver's words for its own fields. */
export interface Problems {
  required(path: string, detail: string): void;
  invalid(path: string, value: string, detail: string): void;
  duplicate(path: string, value: string): void;
  other(path: string, detail: string): void;
}

/**
 * A collector that appends to `found`; the texts are those of apimachinery's field.Error. A fault
 * that only follows from another, at `faultyPaths` or above, is not told.
 */
export function collectProblems(found: string[], faultyPaths: readonly string[] = []): Problems {
  const tell = (path: string, text: string): void => {
    if (faultyPaths.some((faulty) => faulty.startsWith(path))) return;
    found.push(`${path}: ${text}`);
  };
  return {
    required: (path, detail) => tell(path, `Required value${detail === '' ? '' : `: ${detail}`}`),
    invalid: (path, value, detail) =>
      tell(path, `Invalid value: ${JSON.stringify(value)}: ${detail}`),
    duplicate: (path, value) => tell(path, `Duplicate value: ${JSON.stringify(value)}`),
    other: tell,
  };
}

/** `['jwt', 0, 'issuer']` → `jwt[0].issuer`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** One line for each fault that a schema found. */
export function schemaProblems(error: z.ZodError): string[] {
  return error.issues.flatMap((issue) => {
    const path = fieldPath(issue.path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => `unknown field ${JSON.stringify(join(path, key))}`);
    }
    return [`${path === '' ? 'the file' : path}: ${issue.message}`];
  });
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
