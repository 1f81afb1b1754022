/** Text in double quotes as Go's strconv.Quote writes it. */
import { CelError } from './cel-error.ts';

const single: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
};

/** Throws CelError beyond U+024F: which characters Go prints there hangs on its edition of Unicode. */
export function quoteAsGo(text: string): string {
  return `"${Array.from(text, escape).join('')}"`;
}

function escape(letter: string): string {
  const known = single[letter];
  if (known !== undefined) return known;
  if (letter > '\u024f') throw new CelError('error during formatting: a text that is not quoted');
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(letter)) return letter;
  const code = (letter.codePointAt(0) ?? 0).toString(16);
  return letter < '\u0080' ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}
