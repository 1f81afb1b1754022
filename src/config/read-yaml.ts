import { readFileSync } from 'node:fs';
import { parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import { errorMessage } from '../lib/error-message.ts';
import { ConfigError, fieldPath, schemaProblems } from './problems.ts';

export interface Reading<T> {
  readonly value: T;
  /** Where the schema found faults: the value lacks what stood there. */
  readonly faultyPaths: readonly string[];
}

/**
 * Reads a YAML or JSON file by a schema. What the schema refuses is appended to `found` and left
 * out of the value, so that the rest can be checked too. Throws ConfigError when nothing is left.
 */
export function readYaml<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  found: string[],
): Reading<z.infer<Schema>> {
  const document = parseDocument(readText(file), { uniqueKeys: true, prettyErrors: true });
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    throw new ConfigError(
      syntax.map(({ message }) => `${file}: ${message.split('\n')[0]?.replace(/:$/, '')}`),
    );
  }
  const whole = schema.safeParse(toValue(document));
  if (whole.success) return { value: whole.data, faultyPaths: [] };
  const { issues } = whole.error;
  found.push(...schemaProblems(whole.error).map((problem) => `${file}: ${problem}`));
  const rest = schema.safeParse(without(document, issues));
  if (!rest.success) throw new ConfigError([]);
  return { value: rest.data, faultyPaths: issues.map(({ path }) => fieldPath(path)) };
}

function toValue(document: Document): unknown {
  return document.toJS({ maxAliasCount: 100 });
}

/** A copy in which the faulty fields are absent. A faulty list item stays: the paths after it must remain true. */
function without(document: Document, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = document.clone();
  for (const issue of issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const paths = keys.length > 0 ? keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) if (typeof path.at(-1) === 'string') copy.deleteIn(path);
  }
  return toValue(copy);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${file}: the file can't be read: ${errorMessage(error)}`]);
  }
}
