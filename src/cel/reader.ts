/** Reads tokens one after the other. */
import { CelError } from './cel-error.ts';
import type { Token } from './lexer.ts';

export interface Reader {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

export function peek(reader: Reader, ahead = 0): Token {
  return reader.tokens[reader.at + ahead] ?? { kind: 'end', text: '', at: 0 };
}

export function take(reader: Reader, text: string): boolean {
  const token = peek(reader);
  if (token.kind !== 'sign' || token.text !== text) return false;
  reader.at += 1;
  return true;
}

export function expect(reader: Reader, text: string): void {
  if (!take(reader, text)) throw unexpected(reader);
}

export function expectName(reader: Reader): string {
  const token = peek(reader);
  if (token.kind !== 'name') throw unexpected(reader);
  reader.at += 1;
  return token.text;
}

/** The grammar has `[,]` and `{,}` for the empty ones. */
export function endOf(reader: Reader, end: string): readonly never[] {
  expect(reader, end);
  return [];
}

/** Reads the comma between two members; true when the literal ended after it. */
export function trailingComma(reader: Reader, end: string): boolean {
  expect(reader, ',');
  return take(reader, end);
}

export function isNumber({ kind }: Token): boolean {
  return kind === 'int' || kind === 'uint' || kind === 'double';
}

export function unexpected(reader: Reader): CelError {
  const { kind, text, at } = peek(reader);
  const found = kind === 'end' ? 'end of the expression' : `input '${text}'`;
  return new CelError(`Syntax error: unexpected ${found}`, at);
}
