/** Reads string and bytes literals, as cel-go's parser/unescape.go does. */
import { CelError } from './cel-error.ts';

const single: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The text of a string literal; throws CelError for a code point that isn't one. */
export function unquoteString(literal: string): string {
  const { raw, text } = strip(literal);
  const normal = text.replaceAll(/\r\n?/g, '\n');
  if (raw) return normal.toWellFormed();
  return replaceEscapes(normal, (escape) => codePoint(escape)).toWellFormed();
}

/** The bytes of a bytes literal without its `b`: escapes are bytes, other characters UTF-8. */
export function unquoteBytes(literal: string): Uint8Array {
  const { raw, text } = strip(literal);
  const normal = text.replaceAll(/\r\n?/g, '\n');
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  const pattern = raw ? /[^]/gu : /\\(?:[xX]..|[uU]|\d{3}|.)|[^\\]/gsu;
  for (const [piece] of normal.matchAll(pattern)) {
    if (raw || !piece.startsWith('\\')) {
      bytes.push(...encoder.encode(piece));
      continue;
    }
    if (/^\\[uU]/.test(piece)) throw new CelError('unable to unescape string');
    bytes.push(codePoint(piece.slice(1)).charCodeAt(0));
  }
  return Uint8Array.from(bytes);
}

function strip(literal: string): { raw: boolean; text: string } {
  const raw = /^[rR]/.test(literal);
  const quoted = raw ? literal.slice(1) : literal;
  const width = /^(?:"""|''')/.test(quoted) && quoted.length >= 6 ? 3 : 1;
  return { raw, text: quoted.slice(width, -width) };
}

function replaceEscapes(text: string, replace: (escape: string) => string): string {
  return text.replaceAll(
    /\\([xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|.)/gs,
    (_, escape: string) => replace(escape),
  );
}

function codePoint(escape: string): string {
  if (/^[xXuU]./.test(escape)) return fromCode(Number.parseInt(escape.slice(1), 16));
  if (/^\d/.test(escape)) return fromCode(Number.parseInt(escape, 8));
  return single[escape] ?? escape;
}

function fromCode(code: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    throw new CelError('invalid unicode code point');
  }
  return String.fromCodePoint(code);
}
