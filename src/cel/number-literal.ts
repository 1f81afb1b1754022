/** Reads number literals, within 64 bits. */
import type { Expr } from './ast.ts';
import { CelError } from './cel-error.ts';
import { peek, type Reader } from './reader.ts';
import { uint } from './value.ts';

const maxInt = 2n ** 63n - 1n;
const maxUint = 2n ** 64n - 1n;

/** The number that comes next; the sign before it was read. */
export function parseNumber(reader: Reader, minus: '' | '-'): Expr {
  const { kind, text } = peek(reader);
  reader.at += 1;
  if (kind === 'double') {
    const value = Number(minus + text);
    if (!Number.isFinite(value)) throw new CelError('invalid double literal');
    return { op: 'literal', value };
  }
  if (kind === 'int') {
    const value = BigInt(text) * (minus ? -1n : 1n);
    if (value > maxInt || value < -maxInt - 1n) throw new CelError('invalid int literal');
    return { op: 'literal', value };
  }
  if (kind !== 'uint' || minus) throw new CelError('invalid number');
  const value = BigInt(text.slice(0, -1));
  if (value > maxUint) throw new CelError('invalid uint literal');
  return { op: 'literal', value: uint(value) };
}
