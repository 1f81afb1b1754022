import { readFileSync } from 'node:fs';
import { parseDocument, type Document, type DocumentOptions, type SchemaOptions } from 'yaml';
import type { z } from 'zod';
import { errorMessage } from '../lib/error-message.ts';
import { ConfigError, fieldPath, schemaProblems } from './problems.ts';

export interface Reading<T> {
  readonly value: T;
  /** Where the schema found faults: the value lacks what stood there. */
  readonly faultyPaths: readonly string[];
}

/** Kubernetes reads YAML 1.1, and a null as if nothing stood there (sigs.k8s.io/yaml, encoding/json). */
type Dialect = 'own' | 'kubernetes';

/**
 * Reads a YAML or JSON file by a schema. What the schema refuses is appended to `found` and left
 * out of the value, so that the rest can be checked too. Throws ConfigError when nothing is left.
 */
export function readYaml<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  found: string[],
  dialect: Dialect = 'own',
): Reading<z.infer<Schema>> {
  const document = parseDocument(readText(file), {
    uniqueKeys: true,
    prettyErrors: true,
    ...(dialect === 'kubernetes' && kubernetesYaml),
  });
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) {
    throw new ConfigError(
      syntax.map(({ message }) => `${file}: ${message.split('\n')[0]?.replace(/:$/, '')}`),
    );
  }
  const parsed = toValue(document, file);
  const value = dialect === 'kubernetes' ? withoutNulls(parsed) : parsed;
  const whole = schema.safeParse(value);
  if (whole.success) return { value: whole.data, faultyPaths: [] };
  const { issues } = whole.error;
  found.push(...schemaProblems(whole.error).map((problem) => `${file}: ${problem}`));
  removeFaults(value, issues);
  const rest = schema.safeParse(value);
  if (!rest.success) throw new ConfigError([]);
  return { value: rest.data, faultyPaths: issues.map(({ path }) => fieldPath(path)) };
}

function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ConfigError([`${file}: ${errorMessage(error)}`]); // aliases: too many, or of nothing
  }
}

/** What Go makes of a null in these lists. */
const zeros: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['audiences', ''],
  ['jwt', { issuer: {} }],
]);

/** go-yaml's reading of plain words: YAML 1.1, with dates as text and with octal numbers of YAML 1.2, too. */
const kubernetesYaml: DocumentOptions & SchemaOptions = {
  version: '1.1',
  merge: true,
  customTags: (tags) => [
    ...tags.filter((tag) => typeof tag === 'string' || tag.tag !== 'tag:yaml.org,2002:timestamp'),
    {
      tag: 'tag:yaml.org,2002:int',
      default: true,
      test: /^[-+]?0o[0-7]+$/,
      resolve: (text: string) => Number(text),
    },
  ],
};

function withoutNulls(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) {
    const zero = zeros.get(name) ?? {};
    return value.map((one: unknown) => (one === null ? zero : withoutNulls(one)));
  }
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutNulls(one, key)]));
}

/** Takes the faulty fields out. A faulty list item stays: the paths after it must remain true. */
function removeFaults(value: unknown, issues: readonly z.core.$ZodIssue[]): void {
  for (const issue of issues) {
    const keys = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const paths = keys.length > 0 ? keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const path of paths) removeField(value, path);
  }
}

function removeField(value: unknown, path: readonly PropertyKey[]): void {
  const name = path.at(-1);
  const parent = path.slice(0, -1).reduce(fieldOf, value);
  if (typeof name === 'string' && typeof parent === 'object' && parent !== null) {
    Reflect.deleteProperty(parent, name);
  }
}

function fieldOf(value: unknown, name: PropertyKey): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${file}: the file can't be read: ${errorMessage(error)}`]);
  }
}
