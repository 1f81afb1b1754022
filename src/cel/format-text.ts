/** How `%s` writes values: texts as they are, and inside lists and maps as CEL literals (ext/formatting.go at v0.26.0). */
import { CelError } from './cel-error.ts';
import { formatDouble } from './double-text.ts';
import { quoteAsGo } from './go-quotes.ts';
import { formatDuration, formatTimestamp } from './time.ts';
import { isList, isTagged, iterated, type CelMap, type Value } from './value.ts';

/** Throws CelError for a value that has no text. */
export function formatText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return formatDouble(value);
  if (value instanceof Uint8Array) return decode(value);
  if (isTagged(value, 'timestamp')) return formatTimestamp(value);
  if (isTagged(value, 'duration')) return formatDuration(value.nanos);
  return formatLiteral(value);
}

function formatLiteral(value: Value): string {
  if (typeof value === 'string') return quoteAsGo(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return formatFixed(value);
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return `b${quoteAsGo(decode(value))}`;
  if (isList(value)) return `[${iterated(value).map(formatLiteral).join(', ')}]`;
  switch (value.kind) {
    case 'uint':
      return String(value.value);
    case 'type':
      return value.type;
    case 'timestamp':
      return `timestamp(${quoteAsGo(formatTimestamp(value))})`;
    case 'duration':
      return `duration(${quoteAsGo(formatDuration(value.nanos))})`;
    case 'map':
      if (value.type === 'map') return formatMap(value);
      break;
    case 'optional':
    case 'opaque':
      break;
  }
  throw new CelError('error during formatting: no formatting function for such a value');
}

/** With six digits behind the point, as `%.6f` has it in Go. */
function formatFixed(value: number): string {
  if (!Number.isFinite(value)) return quoteAsGo(formatDouble(value));
  // From here on toFixed writes an exponent.
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}.000000`;
  return Object.is(value, -0) ? '-0.000000' : value.toFixed(6);
}

function formatMap(map: CelMap): string {
  const entries = Array.from(map.keys(), (key): readonly [string, string] => {
    const value = map.find(key);
    if (value === undefined || typeof key === 'number') {
      throw new CelError('error during formatting: no value or no text for a key');
    }
    return [formatLiteral(key), formatLiteral(value)];
  });
  const sorted = entries.toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${sorted.map(([key, value]) => `${key}:${value}`).join(', ')}}`;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string');
  }
}
