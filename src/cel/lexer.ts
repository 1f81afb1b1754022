/** Cuts an expression into tokens, by the lexer rules of cel-go's grammar (parser/gen/CEL.g4 at v0.26.0). */
import { CelError } from './cel-error.ts';
import { unquoteBytes, unquoteString } from './quotes.ts';

export type Token =
  | { readonly kind: 'name' | 'sign'; readonly text: string; readonly at: number }
  | { readonly kind: 'int' | 'uint' | 'double'; readonly text: string; readonly at: number }
  | { readonly kind: 'string'; readonly value: string; readonly text: string; readonly at: number }
  | {
      readonly kind: 'bytes';
      readonly value: Uint8Array;
      readonly text: string;
      readonly at: number;
    }
  | { readonly kind: 'end'; readonly text: string; readonly at: number };

// cel-go's own limit: parser.ExpressionSizeCodePointLimit.
const maxCodePoints = 100_000;

const space = /[\t \r\n\f]+|\/\/[^\n]*/y;
const double = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const integer = /(?:0x[0-9a-fA-F]+|\d+)[uU]?/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const sign = /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/y;
const escape = String.raw`\\(?:[abfnrtv"'\\?\`]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7][0-7])`;
// The raw forms come first, and of each the triple-quoted: the longest match wins.
const quoted = new RegExp(
  [
    String.raw`[bB]?[rR]"""(?:[^"]|"(?!""))*"""`,
    String.raw`[bB]?[rR]'''(?:[^']|'(?!''))*'''`,
    String.raw`[bB]?"""(?:${escape}|[^\\"]|"(?!""))*"""`,
    String.raw`[bB]?'''(?:${escape}|[^\\']|'(?!''))*'''`,
    String.raw`[bB]?[rR]"[^"\n\r]*"`,
    String.raw`[bB]?[rR]'[^'\n\r]*'`,
    String.raw`[bB]?"(?:${escape}|[^\\"\n\r])*"`,
    String.raw`[bB]?'(?:${escape}|[^\\'\n\r])*'`,
  ].join('|'),
  'y',
);

/** The tokens of an expression, with an `end` after the last; throws CelError. */
export function tokenize(source: string): readonly Token[] {
  if (Array.from(source).length > maxCodePoints) {
    throw new CelError('expression code point size exceeds limit');
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const token = tokenAt(source, at);
    if (typeof token === 'number') {
      at = token;
      continue;
    }
    tokens.push(token);
    at += token.text.length;
  }
  return [...tokens, { kind: 'end', text: '', at }];
}

/** The token at a place, or the place after white space and comments. */
function tokenAt(source: string, at: number): Token | number {
  const blank = match(space, source, at);
  if (blank !== undefined) return at + blank.length;
  const text = match(quoted, source, at);
  if (text !== undefined) return quotedToken(text, at);
  const decimal = match(double, source, at);
  if (decimal !== undefined) return { kind: 'double', text: decimal, at };
  const whole = match(integer, source, at);
  if (whole !== undefined) return { kind: /[uU]$/.test(whole) ? 'uint' : 'int', text: whole, at };
  const word = match(name, source, at);
  if (word !== undefined) return { kind: word === 'in' ? 'sign' : 'name', text: word, at };
  const mark = match(sign, source, at);
  if (mark !== undefined) return { kind: 'sign', text: mark, at };
  throw new CelError('Syntax error: token recognition error', at);
}

function quotedToken(text: string, at: number): Token {
  try {
    return /^[bB]/.test(text)
      ? { kind: 'bytes', value: unquoteBytes(text.slice(1)), text, at }
      : { kind: 'string', value: unquoteString(text), text, at };
  } catch (error) {
    throw error instanceof CelError ? new CelError(error.message, at) : error;
  }
}

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}
