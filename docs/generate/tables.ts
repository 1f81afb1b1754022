// The tables of docs/configuration.md, made from the schema and the flags; the rest of that document
// is written by hand.
import { format, resolveConfig } from 'prettier';
import { flagMeanings } from '../../src/config/flag-options.ts';
import { authenticationConfigurationSchema } from '../../src/config/jwt-authenticator-schema.ts';
import { configurationSchema } from '../../src/config/schema.ts';
import { schemaKeys, type SchemaKey } from './schema-keys.ts';

/** By the name of the place: what stands between `<!-- NAME -->` and `<!-- end of NAME -->`. */
const parts: Readonly<Record<string, () => string>> = {
  keys: sections,
  'keys of the authentication file': authenticationFileKeys,
  flags: flagTable,
};

/** The document with its tables made anew. Throws when one of their places is missing. */
export async function withTables(document: string, file: string): Promise<string> {
  let text = document;
  for (const [name, render] of Object.entries(parts)) {
    const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [before, rest] = cut(text, start);
    const [, after] = cut(rest, end);
    text = `${before}${start}\n\n${render()}\n\n${end}${after}`;
  }
  return format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
}

/** What is before and after a mark. Throws when it is not there. */
export function cut(text: string, mark: string): readonly [before: string, after: string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`the document has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

function sections(): string {
  const keys = schemaKeys(configurationSchema);
  const top = keys.filter(({ path }) => !/[.[]/.test(path));
  const below = ({ path }: SchemaKey): readonly SchemaKey[] =>
    keys.filter((key) => key.path.startsWith(`${path}.`) || key.path.startsWith(`${path}[`));
  const plain = top.filter((key) => below(key).length === 0);
  const rest = top.filter((key) => below(key).length > 0);
  return [keyTable(plain), ...rest.map((key) => section(key, below(key)))].join('\n\n');
}

function section(key: SchemaKey, below: readonly SchemaKey[]): string {
  const byDefault = key.fallback === undefined ? '' : ` A list, by default \`${key.fallback}\`.`;
  const head = `### \`${key.path}\`\n\n${key.description}${byDefault}`;
  const theirs = new Set(schemaKeys(authenticationConfigurationSchema).map(({ path }) => path));
  const [kubernetes, own] = [true, false].map((wanted) =>
    below.filter(({ path }) => theirs.has(path) === wanted),
  );
  if (!kubernetes || !own || kubernetes.length === 0) return `${head}\n\n${keyTable(below)}`;
  return `${head}

kube-apiserver's fields:

${keyTable(kubernetes)}

Ours:

${keyTable(own)}`;
}

function authenticationFileKeys(): string {
  const keys = schemaKeys(authenticationConfigurationSchema);
  return keyTable(keys.filter(({ path }) => !path.startsWith('jwt[]')));
}

function keyTable(keys: readonly SchemaKey[]): string {
  return table(['key', 'type', 'default', 'meaning'], keys.map(keyRow));
}

function keyRow({ path, type, fallback, description }: SchemaKey): readonly string[] {
  const [, required, meaning = ''] = /^(Required\.)? ?(.*)$/s.exec(description) ?? [];
  const byDefault = fallback === undefined ? '–' : `\`${fallback}\``;
  return [`\`${path}\``, type, required ? '**required**' : byDefault, meaning];
}

function flagTable(): string {
  const rows = Object.entries(flagMeanings).map(([name, [value, meaning]]) => [
    `\`${`--${name} ${value}`.trim()}\``,
    meaning,
  ]);
  return table(['flag', 'meaning'], rows);
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}
