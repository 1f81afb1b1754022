/** Reads number literals, within 64 bits. */
import type { Expr } from './ast.ts';
import { CelError } from './cel-error.ts';
import { isNumber, peek, unexpected, type Reader } from './reader.ts';
import { uint } from './value.ts';

const maxInt = 2n ** 63n - 1n;
const maxUint = 2n ** 64n - 1n;

/** The number that comes next; the sign before it was read. */
export function parseNumber(reader: Reader, minus: '' | '-'): Expr {
  const { kind, text, at: start } = peek(reader);
  if (!isNumber(peek(reader)) || (kind === 'uint' && minus)) throw unexpected(reader);
  const at = minus ? start - 1 : start;
  reader.at += 1;
  if (kind === 'double') {
    const value = Number(minus + text);
    if (!Number.isFinite(value)) throw new CelError('invalid double literal', at);
    return { op: 'literal', value, at };
  }
  if (kind === 'int') {
    const value = BigInt(text) * (minus ? -1n : 1n);
    if (value > maxInt || value < -maxInt - 1n) throw new CelError('invalid int literal', at);
    return { op: 'literal', value, at };
  }
  const value = BigInt(text.slice(0, -1));
  if (value > maxUint) throw new CelError('invalid uint literal', at);
  return { op: 'literal', value: uint(value), at };
}
