/** The project's documents, as tests read them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Block {
  readonly file: string;
  readonly language: string;
  readonly text: string;
}

/** Every Markdown file that git knows or will know. */
export function documents(): readonly string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'];
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  return listed.split('\n').filter((name) => name !== '');
}

export function readDocument(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Fenced blocks of all documents in one language; where several YAML documents share one, each is a block. */
export function blocks(language: string): readonly Block[] {
  return documents().flatMap((file) =>
    [...readDocument(file).matchAll(/^```(\w*)\n(.*?)^```$/gms)]
      .filter(([, found]) => found === language)
      .flatMap(([, , text = '']) => (language === 'yaml' ? text.split(/^---\n/m) : [text]))
      .map((text) => ({ file, language, text })),
  );
}

/** The Kubernetes objects of a name that a document shows. */
export function manifestsOf(file: string, name: string): readonly object[] {
  const shown = blocks('yaml').filter((block) => block.file === file);
  const found = shown.map(({ text }) => parse(text)).filter((one) => one.metadata?.name === name);
  if (found.length === 0) throw new Error(`${file} shows no object called ${name}`);
  return found;
}

export interface ShownConfiguration extends Readonly<Record<string, unknown>> {
  readonly jwt?: readonly { readonly name?: string; readonly issuer: object }[];
}

/** The configuration with an entry of that name that a document shows. */
export function configurationOf(file: string, entry: string): ShownConfiguration {
  const found = blocks('yaml')
    .filter((block) => block.file === file)
    .map(({ text }): ShownConfiguration => parse(text))
    .find(({ jwt }) => jwt?.some(({ name }) => name === entry));
  if (!found) throw new Error(`${file} shows no configuration with an entry called ${entry}`);
  return found;
}

/** The rows of the tables in a document, each a list of its cells without back quotes. */
export function tableRows(file: string): readonly (readonly string[])[] {
  return readDocument(file)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('`', '')));
}
