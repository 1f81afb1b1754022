/** Timestamps and durations: Go's texts for them, arithmetic, and the parts of a date. */
import { CelError } from './cel-error.ts';
import { plainDecimal } from './double-text.ts';
import { checkedInt, define, noOverload, text, type Overload } from './library.ts';
import { zoneOffset } from './time-zone.ts';
import { isTagged, type Duration, type Timestamp, type Value } from './value.ts';

const second = 1_000_000_000n;
const minSeconds = -62_135_596_800n;
const maxSeconds = 253_402_300_799n;

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: 1_000_000n,
  s: second,
  m: 60n * second,
  h: 3600n * second,
};

/** A moment between the years 1 and 9999; throws CelError for another. */
export function timestamp(nanos: bigint, offset: number): Timestamp {
  if (nanos < minSeconds * second || nanos >= (maxSeconds + 1n) * second) {
    throw new CelError('timestamp overflow');
  }
  return { kind: 'timestamp', nanos, offset };
}

/** RFC 3339; throws CelError. */
export function parseTimestamp(value: string): Timestamp {
  const form = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;
  const [
    ,
    year,
    month,
    day,
    hour,
    minute,
    seconds,
    fraction = '',
    sign = '+',
    hours = '0',
    minutes = '0',
  ] = form.exec(value) ?? [];
  const clock = new Date(0);
  clock.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  clock.setUTCHours(Number(hour), Number(minute), Number(seconds));
  const valid =
    year !== undefined &&
    clock.getUTCMonth() === Number(month) - 1 &&
    clock.getUTCDate() === Number(day) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(seconds) < 60 &&
    Number(hours) < 24 &&
    Number(minutes) < 60;
  if (!valid) throw new CelError("type conversion error from 'string' to 'timestamp'");
  const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  const nanos = BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return timestamp(
    BigInt(clock.getTime()) * 1_000_000n + nanos - BigInt(offset) * 60n * second,
    offset,
  );
}

/** As RFC 3339 with as many digits as needed. */
export function formatTimestamp(value: Value): string {
  if (!isTagged(value, 'timestamp')) throw noOverload();
  const local = value.nanos + BigInt(value.offset) * 60n * second;
  const [date = ''] = new Date(Number(floor(local, 1_000_000n))).toISOString().split('.');
  const rest = local - floor(local, second) * second;
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(9, '0').replace(/0+$/, '')}`;
  return `${date.padStart(19, '0')}${fraction}${formatOffset(value.offset)}`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}

function formatOffset(offset: number): string {
  if (offset === 0) return 'Z';
  const minutes = Math.abs(offset);
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Go's durations, `1h2m3.5s`, in nanoseconds; throws CelError. */
export function parseDuration(value: string): bigint {
  const failure = new CelError("type conversion error from 'string' to 'duration'");
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(value) ?? [];
  if (rest === '0') return 0n;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) throw failure;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(
    /(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    if (whole.length > 19) throw failure;
    const scale = units[unit] ?? 0n;
    const digits = fraction.slice(0, 18);
    nanos += BigInt(whole || '0') * scale;
    nanos += (BigInt(digits || '0') * scale) / 10n ** BigInt(digits.length);
  }
  const signed = sign === '-' ? -nanos : nanos;
  if (signed >= 2n ** 63n || signed < -(2n ** 63n)) throw failure;
  return signed;
}

/** Seconds, without an exponent. */
export function formatDuration(nanos: bigint): string {
  return `${plainDecimal(Number(nanos / second) + Number(nanos % second) / 1e9)}s`;
}

export function floor(value: bigint, unit: bigint): bigint {
  const quotient = value / unit;
  return value % unit < 0n ? quotient - 1n : quotient;
}

function duration(nanos: bigint): Duration {
  return { kind: 'duration', nanos: checkedInt(nanos) };
}

export function moment(value: Value | undefined): Timestamp {
  if (isTagged(value, 'timestamp')) return value;
  throw noOverload();
}

export function span(value: Value | undefined): bigint {
  if (isTagged(value, 'duration')) return value.nanos;
  throw noOverload();
}

function shift(from: Timestamp, nanos: bigint): Timestamp {
  return timestamp(from.nanos + nanos, from.offset);
}

export const timeSums: readonly Overload[] = [
  define('_+_(duration, duration): duration', ([a, b]) => duration(span(a) + span(b))),
  define('_+_(duration, timestamp): timestamp', ([a, b]) => shift(moment(b), span(a))),
  define('_+_(timestamp, duration): timestamp', ([a, b]) => shift(moment(a), span(b))),
];

export const durationDifference: Overload = define('_-_(duration, duration): duration', ([a, b]) =>
  duration(span(a) - span(b)),
);

export const timeDifferences: readonly Overload[] = [
  define('_-_(timestamp, duration): timestamp', ([a, b]) => shift(moment(a), -span(b))),
  define('_-_(timestamp, timestamp): duration', ([a, b]) =>
    duration(moment(a).nanos - moment(b).nanos),
  ),
];

type Part = (date: Date) => number;

/** Zones are far dearer here than in Go. */
const zonePrice = 50;
const dayMs = 86_400_000;
const dateParts: Readonly<Record<string, Part>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDayOfYear: (date) => Math.floor((date.getTime() - new Date(date).setUTCMonth(0, 1)) / dayMs),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDate: (date) => date.getUTCDate(),
  getDayOfWeek: (date) => date.getUTCDay(),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

const spans: Readonly<Record<string, bigint>> = {
  getHours: 3600n * second,
  getMinutes: 60n * second,
  getSeconds: second,
  getMilliseconds: 1_000_000n,
};

export const timeFunctions: readonly Overload[] = [
  ...Object.entries(dateParts).flatMap(([name, part]) => [
    define(`timestamp.${name}(): int`, ([a]) => BigInt(part(new Date(milliseconds(moment(a)))))),
    define(`timestamp.${name}(string): int`, ([a, zone], spend) => {
      spend(zonePrice);
      const shown = milliseconds(moment(a));
      return BigInt(part(new Date(shown + zoneOffset(shown, text(zone)))));
    }),
  ]),
  ...Object.entries(spans).map(([name, unit]) =>
    define(`duration.${name}(): int`, ([a]) => span(a) / unit),
  ),
];

function milliseconds({ nanos }: Timestamp): number {
  return Number(floor(nanos, 1_000_000n));
}
