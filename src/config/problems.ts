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

/** A collector that appends to `found`; the texts are those of apimachinery's field.Error. */
export function collectProblems(found: string[]): Problems {
  return {
    required: (path, detail) =>
      void found.push(`${path}: Required value${detail === '' ? '' : `: ${detail}`}`),
    invalid: (path, value, detail) =>
      void found.push(`${path}: Invalid value: ${JSON.stringify(value)}: ${detail}`),
    duplicate: (path, value) =>
      void found.push(`${path}: Duplicate value: ${JSON.stringify(value)}`),
    other: (path, detail) => void found.push(`${path}: ${detail}`),
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
