/** CEL's equality and order: across numeric types, and of everything with everything. */
import { CelError } from './cel-error.ts';
import { opaqueEqual } from './opaque-equality.ts';
import { isList, isTagged, sizeOf, typeName, type CelMap, type Value } from './value.ts';

/** Charged for every pair of values that is compared. */
export type Spend = (work: number) => void;

/** Whether two values are equal; of different types they aren't, except numbers. */
export function equal(a: Value, b: Value, spend: Spend): boolean {
  if (a === null || b === null) return a === b;
  if (isNumeric(a) && isNumeric(b)) return compareNumbers(a, b) === 0;
  if (typeof a === 'string' || typeof a === 'boolean') return a === b;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (isList(a)) return isList(b) && listsEqual(a, b, spend);
  if (isTagged(a, 'map')) return isTagged(b, 'map') && mapsEqual(a, b, spend);
  if (isTagged(a, 'type')) return isTagged(b, 'type') && a.type === b.type;
  if (isTagged(a, 'timestamp')) return isTagged(b, 'timestamp') && a.nanos === b.nanos;
  if (isTagged(a, 'duration')) return isTagged(b, 'duration') && a.nanos === b.nanos;
  if (isTagged(a, 'optional')) {
    if (!isTagged(b, 'optional')) return false;
    if (a.value === undefined || b.value === undefined) return a.value === b.value;
    return equal(a.value, b.value, spend);
  }
  if (!isTagged(a, 'opaque')) return false;
  if (!isTagged(b, 'opaque')) throw new CelError('no such overload');
  return opaqueEqual(a, b);
}

function listsEqual(a: readonly Value[], b: readonly Value[], spend: Spend): boolean {
  if (a.length !== b.length) return false;
  return a.every((one, at) => {
    const other = b[at];
    spend(pairWork(one));
    return other !== undefined && equal(one, other, spend);
  });
}

function mapsEqual(a: CelMap, b: CelMap, spend: Spend): boolean {
  if (a.type !== 'map') {
    if (b.type === 'map') throw new CelError('no such overload');
    return a === b;
  }
  if (b.type !== 'map' || a.size !== b.size) return false;
  for (const key of a.keys()) {
    const mine = a.get(key);
    const theirs = b.find(key);
    if (mine === undefined || theirs === undefined) return false;
    spend(pairWork(mine));
    if (!equal(mine, theirs, spend)) return false;
  }
  return true;
}

function pairWork(value: Value): number {
  return 0.5 + (typeof value === 'string' ? sizeOf(value) / 100 : 0);
}

export function isNumeric(
  value: Value | undefined,
): value is number | bigint | { kind: 'uint'; value: bigint } {
  return typeof value === 'number' || typeof value === 'bigint' || isTagged(value, 'uint');
}

/** -1, 0, 1, or NaN when one is not a number; JavaScript compares bigint and number exactly. */
function compareNumbers(
  a: number | bigint | { kind: 'uint'; value: bigint },
  b: number | bigint | { kind: 'uint'; value: bigint },
): number {
  const left = typeof a === 'object' ? a.value : a;
  const right = typeof b === 'object' ? b.value : b;
  if (left < right) return -1;
  if (left > right) return 1;
  return Number.isNaN(left) || Number.isNaN(right) ? Number.NaN : 0;
}

/** -1, 0 or 1; throws CelError when the two have no order. */
export function compare(a: Value, b: Value): number {
  if (isNumeric(a) && isNumeric(b)) {
    const order = compareNumbers(a, b);
    if (Number.isNaN(order)) throw new CelError('NaN values cannot be ordered');
    return order;
  }
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if (
    (isTagged(a, 'timestamp') && isTagged(b, 'timestamp')) ||
    (isTagged(a, 'duration') && isTagged(b, 'duration'))
  ) {
    if (a.nanos === b.nanos) return 0;
    return a.nanos < b.nanos ? -1 : 1;
  }
  throw new CelError(`no such overload: ${typeName(a)} and ${typeName(b)} have no order`);
}

/** By code points, as UTF-8 sorts; UTF-16 does not sort so. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1;
    return left < right ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}
