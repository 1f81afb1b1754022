/** Commands that a document shows with what they print, and whether that is what they print. */
import assert from 'node:assert/strict';
import { blocks } from './documents.ts';

export interface Transcript {
  /** Without the `$ ` before it. */
  readonly command: string;
  /** With `…` for any text, or for any lines where it stands alone. */
  readonly shown: string;
}

/** The `console` blocks of a document. */
export function transcriptsOf(file: string): readonly Transcript[] {
  const found = blocks('console').filter((block) => block.file === file);
  return found.map(({ text }) => {
    const [first = '', ...lines] = text.split('\n');
    assert.match(first, /^\$ /, `${file}: a transcript begins with its command`);
    return { command: first.slice(2), shown: lines.join('\n') };
  });
}

/** Fails with both texts when the output is not what is shown. */
export function assertShown(output: string, { command, shown }: Transcript): void {
  const pattern = shown
    .trimEnd()
    .split('\n')
    .map((line) =>
      line === '…'
        ? '(?:.*\\n)*?'
        : `${line
            .split('…')
            .map((text) => RegExp.escape(text))
            .join('.*')}\\n`,
    )
    .join('');
  const isShown = new RegExp(`^${pattern}$`).test(output);
  assert.ok(isShown, `$ ${command}\n--- shown\n${shown}\n--- printed\n${output}`);
}
