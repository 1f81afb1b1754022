/** CEL's type conversions, which read and write numbers as Go does. */
import { CelError } from './cel-error.ts';
import { formatDouble } from './double-text.ts';
import {
  checkedInt,
  checkedUint,
  define,
  given,
  int,
  noOverload,
  text,
  type Overload,
} from './library.ts';
import {
  formatDuration,
  formatTimestamp,
  parseDuration,
  parseTimestamp,
  timestamp,
} from './time.ts';
import { isTagged, uint, type Value } from './value.ts';

const identity: Overload['call'] = ([value]) => given(value);
const truths = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const falsehoods = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

export const conversions: readonly Overload[] = [
  ...['bool', 'bytes', 'double', 'int', 'string', 'uint'].map((type) =>
    define(`${type}(${type}): ${type}`, identity),
  ),
  define('duration(duration): duration', identity),
  define('timestamp(timestamp): timestamp', identity),
  define('bool(string): bool', ([value]) => parseBool(text(value))),
  define('bytes(string): bytes', ([value]) => new TextEncoder().encode(text(value))),
  define('double(int): double', ([value]) => Number(int(value))),
  define('double(string): double', ([value]) => parseDouble(text(value))),
  define('double(uint): double', ([value]) => Number(unsigned(value))),
  define('duration(int): duration', ([value]) => ({
    kind: 'duration',
    nanos: refuse(int(value)),
  })),
  define('duration(string): duration', ([value]) => ({
    kind: 'duration',
    nanos: parseDuration(text(value)),
  })),
  define('int(double): int', ([value]) => doubleToInt(double(value))),
  define('int(duration): int', ([value]) => nanosOf(value)),
  define('int(string): int', ([value]) => parseInteger(text(value), 'int', /^[+-]?\d+$/)),
  define('int(timestamp): int', ([value]) => floorSeconds(nanosOf(value))),
  define('int(uint): int', ([value]) => checkedInt(unsigned(value))),
  define('string(bool): string', ([value]) => String(value === true)),
  define('string(bytes): string', ([value]) => decode(given(value))),
  define('string(double): string', ([value]) => formatDouble(double(value))),
  define('string(duration): string', ([value]) => formatDuration(nanosOf(value))),
  define('string(int): string', ([value]) => String(int(value))),
  define('string(timestamp): string', ([value]) => formatTimestamp(given(value))),
  define('string(uint): string', ([value]) => String(unsigned(value))),
  define('timestamp(int): timestamp', ([value]) => timestamp(int(value) * 1_000_000_000n, 0)),
  define('timestamp(string): timestamp', ([value]) => parseTimestamp(text(value))),
  define('uint(double): uint', ([value]) => uint(doubleToUint(double(value)))),
  define('uint(int): uint', ([value]) => uint(checkedUint(int(value)))),
  define('uint(string): uint', ([value]) => uint(parseInteger(text(value), 'uint', /^\d+$/))),
];

function double(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  throw noOverload();
}

function unsigned(value: Value | undefined): bigint {
  if (isTagged(value, 'uint')) return value.value;
  throw noOverload();
}

function nanosOf(value: Value | undefined): bigint {
  if (isTagged(value, 'timestamp') || isTagged(value, 'duration')) return value.nanos;
  throw noOverload();
}

/** Declared by cel-go, and an error for every number. */
function refuse(_value: bigint): bigint {
  throw unreadable('int', 'duration');
}

function floorSeconds(nanos: bigint): bigint {
  const seconds = nanos / 1_000_000_000n;
  return nanos % 1_000_000_000n < 0n ? seconds - 1n : seconds;
}

function parseBool(value: string): boolean {
  if (truths.has(value)) return true;
  if (falsehoods.has(value)) return false;
  throw unreadable('string', 'bool');
}

function parseInteger(value: string, type: 'int' | 'uint', form: RegExp): bigint {
  if (!form.test(value)) throw unreadable('string', type);
  // Beyond 64 bits whatever follows: no need to read ten thousand digits.
  if (value.replace(/^[+-]?0*/, '').length > 20) throw unreadable('string', type);
  const read = BigInt(value.replace(/^\+/, ''));
  const held = type === 'int' ? BigInt.asIntN(64, read) : BigInt.asUintN(64, read);
  if (held !== read) throw unreadable('string', type);
  return read;
}

function parseDouble(value: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) {
    const read = Number(value);
    if (Number.isFinite(read)) return read;
  }
  if (/^[+-]?inf(?:inity)?$/i.test(value)) return value.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(value)) return Number.NaN;
  throw unreadable('string', 'double');
}

function doubleToInt(value: number): bigint {
  if (!Number.isFinite(value) || value <= -(2 ** 63) || value >= 2 ** 63) {
    throw new CelError('integer overflow');
  }
  return BigInt(Math.trunc(value));
}

function doubleToUint(value: number): bigint {
  if (!Number.isFinite(value) || value < 0 || value >= 2 ** 64) {
    throw new CelError('unsigned integer overflow');
  }
  return BigInt(Math.trunc(value));
}

function decode(value: Value): string {
  if (!(value instanceof Uint8Array)) throw noOverload();
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}

function unreadable(from: string, to: string): CelError {
  return new CelError(`type conversion error from '${from}' to '${to}'`);
}
