/** How functions are declared, found and called. */
import { CelError } from './cel-error.ts';
import type { Spend } from './equality.ts';
import { signature, type Signature } from './types.ts';
import { isList, isTagged, type Opaque, type Value } from './value.ts';

export type Arguments = readonly Value[];

export interface Overload extends Signature {
  /** Called with arguments that fit the signature; throws CelError. `spend` takes what the call costs beyond its flat price. */
  readonly call: (args: Arguments, spend: Spend) => Value;
}

/** A function by its signature: `string.contains(string): bool`. */
export function define(declared: string, call: Overload['call']): Overload {
  return { ...signature(declared), call };
}

/** The same function for several types, each put for `T` in the signature. */
export function defineEach(
  types: readonly string[],
  declared: string,
  call: Overload['call'],
): readonly Overload[] {
  return types.map((type) => define(declared.replaceAll('$', type), call));
}

export function text(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  throw noOverload();
}

export function int(value: Value | undefined): bigint {
  if (typeof value === 'bigint') return value;
  throw noOverload();
}

export function list(value: Value | undefined): readonly Value[] {
  if (isList(value)) return value;
  throw noOverload();
}

/** What an opaque value of the type holds. */
export function dataOf(value: Value | undefined, type: string): object {
  if (isTagged(value, 'opaque') && value.type === type) return value.data;
  throw noOverload();
}

export function isOpaque(value: Value | undefined, type: string): value is Opaque {
  return isTagged(value, 'opaque') && value.type === type;
}

/** Any value at all; arguments are counted by the signature already. */
export function given(value: Value | undefined): Value {
  if (value === undefined) throw noOverload();
  return value;
}

export function noOverload(): CelError {
  return new CelError('no such overload');
}

const minInt = -(2n ** 63n);
const maxInt = 2n ** 63n - 1n;

/** The integer itself when it has at most 64 bits. */
export function checkedInt(value: bigint): bigint {
  if (value < minInt || value > maxInt) throw new CelError('integer overflow');
  return value;
}

/** The number itself when it is an unsigned integer of at most 64 bits. */
export function checkedUint(value: bigint): bigint {
  if (value < 0n || value >= 2n ** 64n) throw new CelError('unsigned integer overflow');
  return value;
}
