/** Functions on lists: Kubernetes' own, and cel-go's ext.Lists at version 3. */
import { CelError } from './cel-error.ts';
import { compare, equal, type Spend } from './equality.ts';
import {
  checkedInt,
  checkedUint,
  define,
  defineEach,
  given,
  int,
  list,
  noOverload,
  type Arguments,
  type Overload,
} from './library.ts';
import { isList, isTagged, iterated, typeName, uint, type Value } from './value.ts';

const comparable = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

export const lists: readonly Overload[] = [
  ...defineEach(comparable, 'list($).isSorted(): bool', isSorted),
  ...defineEach(comparable, 'list($).max(): $', ([a]) => extreme('max', list(a), 1)),
  ...defineEach(comparable, 'list($).min(): $', ([a]) => extreme('min', list(a), -1)),
  define('list(int).sum(): int', ([a]) => list(a).reduce(add, 0n)),
  define('list(uint).sum(): uint', ([a]) => list(a).reduce(add, uint(0n))),
  define('list(double).sum(): double', ([a]) => list(a).reduce(add, 0)),
  define('list(duration).sum(): duration', ([a]) =>
    list(a).reduce(add, { kind: 'duration', nanos: 0n }),
  ),
  define('list(A).indexOf(A): int', ([a, b], spend) =>
    BigInt(list(a).findIndex((one) => equal(one, given(b), spend))),
  ),
  define('list(A).lastIndexOf(A): int', ([a, b], spend) =>
    BigInt(list(a).findLastIndex((one) => equal(one, given(b), spend))),
  ),
  define('list(T).slice(int, int): list(T)', ([a, b, c]) => slice(list(a), int(b), int(c))),
  define('list(list(T)).flatten(): list(T)', ([a], spend) => flatten(list(a), 1n, spend)),
  define('list(dyn).flatten(int): list(dyn)', ([a, b], spend) => flatten(list(a), int(b), spend)),
  ...defineEach(comparable, 'list($).sort(): list($)', ([a], spend) =>
    sortByKeys([given(a), given(a)], spend),
  ),
  ...defineEach(comparable, 'list(T).@sortByAssociatedKeys(list($)): list(T)', sortByKeys),
  define('lists.range(int): list(int)', range),
  define('list(T).reverse(): list(T)', ([a]) => list(a).toReversed()),
  define('list(T).distinct(): list(T)', distinct),
  define('list(V).first(): optional_type(V)', ([a]) => ({
    kind: 'optional',
    value: list(a)[0],
  })),
  define('list(V).last(): optional_type(V)', ([a]) => ({
    kind: 'optional',
    value: list(a).at(-1),
  })),
];

function isSorted([value]: Arguments): boolean {
  return list(value).every((one, at, all) => {
    const before = all[at - 1];
    return before === undefined || compare(before, one) <= 0;
  });
}

function extreme(name: string, values: readonly Value[], wanted: number): Value {
  const [first] = values;
  if (first === undefined) throw new CelError(`${name} called on empty list`);
  return values.reduce((best, one) => (compare(one, best) === wanted ? one : best), first);
}

function add(sum: Value, one: Value): Value {
  if (typeof sum === 'bigint' && typeof one === 'bigint') return checkedInt(sum + one);
  if (typeof sum === 'number' && typeof one === 'number') return sum + one;
  if (isTagged(sum, 'uint') && isTagged(one, 'uint')) {
    return uint(checkedUint(sum.value + one.value));
  }
  if (isTagged(sum, 'duration') && isTagged(one, 'duration')) {
    return { kind: 'duration', nanos: checkedInt(sum.nanos + one.nanos) };
  }
  throw noOverload();
}

function slice(values: readonly Value[], start: bigint, end: bigint): readonly Value[] {
  if (start < 0n || end < 0n || start > end || end > BigInt(values.length)) {
    throw new CelError('cannot slice: no such range');
  }
  return values.slice(Number(start), Number(end));
}

function flatten(values: readonly Value[], depth: bigint, spend: Spend): readonly Value[] {
  if (depth < 0n) throw new CelError('level must be non-negative');
  return iterated(values).flatMap((one) => {
    spend(1);
    return isList(one) && depth > 0n ? flatten(one, depth - 1n, spend) : [one];
  });
}

function sortByKeys([values, keys]: Arguments, spend: Spend): readonly Value[] {
  const all = list(values);
  const by = list(keys);
  if (all.length !== by.length) throw new CelError('a list of keys of another size');
  const first = by[0];
  if (first === undefined) return all;
  // cel-go charges the square of the size.
  spend(2 * all.length * all.length);
  if (by.some((key) => typeName(key) !== typeName(first))) {
    throw new CelError('list elements must have the same type');
  }
  const pairs = all.map((value, at) => [value, by[at] ?? first] as const);
  const sorted = pairs.toSorted(([, a], [, b]) => compare(a, b));
  refuseTies(sorted, spend);
  return sorted.map(([value]) => value);
}

/** Go's sort isn't stable beyond 12 elements: the order of different elements with equal keys can't be foretold. */
function refuseTies(sorted: readonly (readonly [Value, Value])[], spend: Spend): void {
  if (sorted.length <= 12) return;
  const tied = sorted.some(([value, key], at) => {
    const before = sorted[at - 1];
    return before && compare(before[1], key) === 0 && !equal(before[0], value, spend);
  });
  if (tied) throw new CelError('the order of elements with equal keys is undefined');
}

function range([count]: Arguments, spend: Spend): readonly Value[] {
  const size = Math.max(0, Number(int(count)));
  spend(size);
  return Array.from({ length: size }, (_, at) => BigInt(at));
}

function distinct([values]: Arguments, spend: Spend): readonly Value[] {
  const all = list(values);
  spend(all.length * all.length);
  return all.reduce<Value[]>((seen, one) => {
    if (!seen.some((other) => equal(one, other, spend))) seen.push(one);
    return seen;
  }, []);
}
