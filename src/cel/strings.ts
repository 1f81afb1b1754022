/** Functions on text: CEL's own, and cel-go's ext.Strings at version 2. Places are counted in code points. */
import { CelError } from './cel-error.ts';
import { define, int, list, text, type Arguments, type Overload } from './library.ts';
import type { Spend } from './equality.ts';
import { codePoints, nativeList, textSize, type Value } from './value.ts';

// What Go's unicode.IsSpace holds.
const spaces =
  '[\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const ends = new RegExp(`^${spaces}+|(?<!${spaces})${spaces}+$`, 'g');

const quotes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

export const strings: readonly Overload[] = [
  define('string.contains(string): bool', ([a, b]) => text(a).includes(text(b))),
  define('string.startsWith(string): bool', ([a, b]) => text(a).startsWith(text(b))),
  define('string.endsWith(string): bool', ([a, b]) => text(a).endsWith(text(b))),
  define('string.charAt(int): string', charAt),
  define('string.indexOf(string): int', ([a, b]) => indexOf(text(a), text(b), 0n)),
  define('string.indexOf(string, int): int', ([a, b, c]) => indexOf(text(a), text(b), int(c))),
  define('string.lastIndexOf(string): int', lastIndexOf),
  define('string.lastIndexOf(string, int): int', ([a, b, c]) =>
    lastIndexFrom(text(a), text(b), int(c)),
  ),
  define('string.lowerAscii(): string', ([a]) =>
    text(a).replaceAll(/[A-Z]+/g, (part) => part.toLowerCase()),
  ),
  define('string.upperAscii(): string', ([a]) =>
    text(a).replaceAll(/[a-z]+/g, (part) => part.toUpperCase()),
  ),
  define('string.replace(string, string): string', ([a, b, c], spend) =>
    replace([text(a), text(b), text(c)], -1, spend),
  ),
  define('string.replace(string, string, int): string', ([a, b, c, d], spend) =>
    replace([text(a), text(b), text(c)], Number(int(d)), spend),
  ),
  define('string.split(string): list(string)', ([a, b]) => nativeList(split(text(a), text(b), -1))),
  define('string.split(string, int): list(string)', ([a, b, c]) =>
    nativeList(split(text(a), text(b), Number(int(c)))),
  ),
  define('string.substring(int): string', ([a, b]) => substring(text(a), int(b))),
  define('string.substring(int, int): string', ([a, b, c]) => substring(text(a), int(b), int(c))),
  define('string.trim(): string', ([a]) => text(a).replaceAll(ends, '')),
  define('strings.quote(string): string', ([a]) => quote(text(a))),
  define('list(string).join(): string', ([a], spend) => join(list(a), '', spend)),
  define('list(string).join(string): string', ([a, b], spend) => join(list(a), text(b), spend)),
];

function charAt([value, index]: Arguments): Value {
  const points = codePoints(text(value));
  const at = inRange(int(index), points.length);
  return points[at] ?? '';
}

function inRange(index: bigint, most: number): number {
  if (index < 0n || index > BigInt(most)) throw new CelError('index out of range');
  return Number(index);
}

function indexOf(value: string, wanted: string, from: bigint): bigint {
  if (wanted === '') return from;
  if (from < 0n) throw new CelError('index out of range');
  const points = codePoints(value);
  if (from >= BigInt(points.length)) return -1n;
  const start = points.slice(0, Number(from)).join('').length;
  const at = value.indexOf(wanted, start);
  return at < 0 ? -1n : BigInt(textSize(value.slice(0, at)));
}

function lastIndexOf([value, wanted]: Arguments): Value {
  const size = textSize(text(value));
  if (text(wanted) === '') return BigInt(size);
  if (text(value).length < text(wanted).length) return -1n;
  return lastIndexFrom(text(value), text(wanted), BigInt(size - 1));
}

function lastIndexFrom(value: string, wanted: string, from: bigint): bigint {
  if (wanted === '') return from;
  if (from < 0n) throw new CelError('index out of range');
  const points = codePoints(value);
  if (from >= BigInt(points.length)) return -1n;
  const start = points.slice(0, Number(from)).join('').length;
  const at = value.lastIndexOf(wanted, start);
  return at < 0 ? -1n : BigInt(textSize(value.slice(0, at)));
}

/** The first `most` occurrences, all when negative; an empty text is found around every character. */
function replace(
  [value, wanted, by]: readonly [string, string, string],
  most: number,
  spend: Spend,
): string {
  if (most === 0 || wanted === by) return value;
  const pieces = wanted === '' ? ['', ...codePoints(value), ''] : value.split(wanted);
  const places = pieces.length - 1;
  const count = most < 0 ? places : Math.min(most, places);
  spend((value.length + count * by.length) / 10);
  const head = pieces.slice(0, count + 1).join(by);
  return [head, ...pieces.slice(count + 1)].join(wanted);
}

/** At most so many parts, all when negative. */
function split(value: string, separator: string, most: number): readonly string[] {
  if (most === 0) return [];
  const parts = separator === '' ? codePoints(value) : value.split(separator);
  if (most < 0 || parts.length <= most) return parts;
  return [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)];
}

function substring(value: string, start: bigint, end?: bigint): string {
  const points = codePoints(value);
  if (end !== undefined && start > end) throw new CelError('invalid substring range');
  const from = inRange(start, points.length);
  return points.slice(from, inRange(end ?? BigInt(points.length), points.length)).join('');
}

function quote(value: string): string {
  const escaped = Array.from(value, (one) => quotes[one] ?? one);
  return `"${escaped.join('')}"`;
}

function join(parts: readonly Value[], separator: string, spend: Spend): string {
  const texts = parts.map((part) => text(part));
  spend((texts.length * separator.length) / 5);
  return texts.join(separator);
}
