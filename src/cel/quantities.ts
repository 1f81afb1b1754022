/** Kubernetes' functions on resource quantities, in exact billionths. */
import { CelError } from './cel-error.ts';
import { define, int, isOpaque, noOverload, text, type Overload } from './library.ts';
import { opaque, type Value } from './value.ts';

interface Quantity {
  readonly nanos: bigint;
  /** Written without a fraction and as no part of one: Go can say at once whether it is an integer. */
  readonly whole: boolean;
}

const quantitiesByData = new WeakMap<object, Quantity>();
const nano = 1_000_000_000n;
const largest = (2n ** 63n - 1n) * nano;
/** Beyond this Go works with other numbers, which it may not call integers. */
const limit = 10n ** 17n * nano;
const form = /^([+-]?)(\d+\.?\d*|\.\d+)(?:(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([+-]?\d+))?$/;

const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const binary = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

export const quantities: readonly Overload[] = [
  define('quantity(string): kubernetes.Quantity', ([a]) => wrap(parse(text(a)))),
  define('isQuantity(string): bool', ([a]) => isQuantity(text(a))),
  define('sign(kubernetes.Quantity): int', ([a]) => sign(nanosOf(a))),
  define(
    'kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool',
    ([a, b]) => nanosOf(a) > nanosOf(b),
  ),
  define(
    'kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool',
    ([a, b]) => nanosOf(a) < nanosOf(b),
  ),
  define('kubernetes.Quantity.compareTo(kubernetes.Quantity): int', ([a, b]) =>
    sign(nanosOf(a) - nanosOf(b)),
  ),
  define('kubernetes.Quantity.asApproximateFloat(): double', ([a]) => approximate(nanosOf(a))),
  define('kubernetes.Quantity.asInteger(): int', ([a]) => {
    if (!isInteger(quantityOf(a))) throw new CelError('cannot convert value to integer');
    return nanosOf(a) / nano;
  }),
  define('kubernetes.Quantity.isInteger(): bool', ([a]) => isInteger(quantityOf(a))),
  define('kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity', ([a, b]) =>
    sum(quantityOf(a), quantityOf(b), 1n),
  ),
  define('kubernetes.Quantity.add(int): kubernetes.Quantity', ([a, b]) =>
    sum(quantityOf(a), { nanos: int(b) * nano, whole: true }, 1n),
  ),
  define('kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity', ([a, b]) =>
    sum(quantityOf(a), quantityOf(b), -1n),
  ),
  define('kubernetes.Quantity.sub(int): kubernetes.Quantity', ([a, b]) =>
    sum(quantityOf(a), { nanos: int(b) * nano, whole: true }, -1n),
  ),
];

function isQuantity(value: string): boolean {
  // Go takes some texts without a digit.
  if (/^[+-]?\.?[A-Za-z]{0,2}$/.test(value) && value !== '') throw undecided();
  const exponent = form.exec(value)?.[4];
  if (exponent !== undefined && exponent.length > 5) throw undecided();
  return form.test(value);
}

function parse(value: string): Quantity {
  const [, minus = '', number, suffix = '', exponent] = form.exec(value) ?? [];
  if (number === undefined) {
    throw new CelError('quantities must match a number with an optional suffix');
  }
  const [digits = '', fraction = ''] = number.split('.');
  if (number.length > 17 || Math.abs(Number(exponent ?? 0)) > 30) throw undecided();
  const [scaled, divisor] = scale(suffix, Number(exponent ?? 0));
  const top = BigInt(digits + fraction) * scaled * nano;
  const bottom = divisor * 10n ** BigInt(fraction.length);
  // Go rounds what is finer than a billionth, and cuts what is beyond 64 bits.
  if (top % bottom !== 0n || top / bottom > largest) throw undecided();
  const nanos = (minus === '-' ? -1n : 1n) * (top / bottom);
  return { nanos, whole: fraction === '' && divisor === 1n };
}

function scale(suffix: string, exponent: number): readonly [bigint, bigint] {
  const power = binary.indexOf(suffix) + 1;
  if (power > 0) return [1024n ** BigInt(power), 1n];
  const tens = 3 * (decimal.indexOf(suffix) - 3) + exponent;
  return tens < 0 ? [1n, 10n ** BigInt(-tens)] : [10n ** BigInt(tens), 1n];
}

function wrap(quantity: Quantity): Value {
  if (quantity.nanos > largest || quantity.nanos < -largest) throw undecided();
  const data = { identity: quantity.nanos };
  quantitiesByData.set(data, quantity);
  return opaque('kubernetes.Quantity', data);
}

function sum(a: Quantity, b: Quantity, direction: 1n | -1n): Value {
  return wrap({ nanos: a.nanos + direction * b.nanos, whole: a.whole && b.whole });
}

/** Go's answer for `1.0` or `1000m` hangs on how it got there: those are refused. */
function isInteger({ nanos, whole }: Quantity): boolean {
  if (nanos % nano !== 0n) return false;
  if (whole && nanos < limit && nanos > -limit) return true;
  throw undecided();
}

function approximate(nanos: bigint): number {
  if (nanos % nano === 0n) return Number(nanos / nano);
  if (nanos % 1_000_000n === 0n) return Number(nanos / 1_000_000n) / 1000;
  throw undecided();
}

function sign(value: bigint): bigint {
  if (value === 0n) return 0n;
  return value < 0n ? -1n : 1n;
}

function quantityOf(value: Value | undefined): Quantity {
  const found = isOpaque(value, 'kubernetes.Quantity')
    ? quantitiesByData.get(value.data)
    : undefined;
  if (!found) throw noOverload();
  return found;
}

function nanosOf(value: Value | undefined): bigint {
  return quantityOf(value).nanos;
}

function undecided(): CelError {
  return new CelError('a quantity beyond what is supported');
}
