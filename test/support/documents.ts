/** The project's documents, as tests read them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

/** Fenced blocks of all documents in one language. */
export function blocks(language: string): readonly Block[] {
  return documents().flatMap((file) =>
    [...readDocument(file).matchAll(/^```(\w*)\n(.*?)^```$/gms)]
      .map(([, found = '', text = '']) => ({ file, language: found, text }))
      .filter((block) => block.language === language),
  );
}

/** The rows of the tables in a document, each a list of its cells without back quotes. */
export function tableRows(file: string): readonly (readonly string[])[] {
  return readDocument(file)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('`', '')));
}
