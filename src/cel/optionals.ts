/** Functions of optional values. */
import { CelError } from './cel-error.ts';
import { define, given, list, noOverload, type Arguments, type Overload } from './library.ts';
import { isList, isTagged, optional, type Value } from './value.ts';

export const optionals: readonly Overload[] = [
  define('optional.of(V): optional_type(V)', ([a]) => optional(given(a))),
  define('optional.ofNonZeroValue(V): optional_type(V)', ([a]) =>
    optional(isZero(given(a)) ? undefined : a),
  ),
  define('optional.none(): optional_type(V)', () => optional(undefined)),
  define('optional_type(V).value(): V', dereference),
  define('optional_type(V).hasValue(): bool', ([a]) => held(a) !== undefined),
  define('optional_type(V).or(optional_type(V)): optional_type(V)', ([a, b]) =>
    held(a) === undefined ? given(b) : given(a),
  ),
  define('optional_type(V).orValue(V): V', ([a, b]) => held(a) ?? given(b)),
  define('optional.unwrap(list(optional_type(V))): list(V)', unwrap),
  define('list(optional_type(V)).unwrapOpt(): list(V)', unwrap),
];

function held(value: Value | undefined): Value | undefined {
  if (isTagged(value, 'optional')) return value.value;
  throw noOverload();
}

function dereference([a]: Arguments): Value {
  const inside = held(a);
  if (inside === undefined) throw new CelError('optional.none() dereference');
  return inside;
}

function unwrap([a]: Arguments): readonly Value[] {
  return list(a).flatMap((one) => {
    const inside = held(one);
    return inside === undefined ? [] : [inside];
  });
}

function isZero(one: Value): boolean {
  if (one === null || one === '' || one === false || one === 0 || one === 0n) return true;
  if (one instanceof Uint8Array || isList(one)) return one.length === 0;
  if (isTagged(one, 'uint')) return one.value === 0n;
  if (isTagged(one, 'map')) return one.type === 'map' && one.size === 0;
  return isTagged(one, 'duration') && one.nanos === 0n;
}
