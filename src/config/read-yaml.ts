import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { errorMessage } from '../lib/error-message.ts';
import { ConfigError, schemaProblems } from './problems.ts';

/** Reads a YAML or JSON file by a schema. Throws ConfigError. */
export function readYaml<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  const document = parseDocument(readText(file), { uniqueKeys: true, prettyErrors: true });
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    throw new ConfigError(syntax.map(({ message }) => `${file}: ${message.split('\n')[0]}`));
  }
  const result = schema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (result.success) return result.data;
  throw new ConfigError(schemaProblems(result.error).map((problem) => `${file}: ${problem}`));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${file}: the file can't be read: ${errorMessage(error)}`]);
  }
}
