/** cel-go's ext.Sets: lists as sets. */
import { equal, type Spend } from './equality.ts';
import { define, list, type Overload } from './library.ts';
import type { Value } from './value.ts';

export const sets: readonly Overload[] = [
  define('sets.contains(list(T), list(T)): bool', ([a, b], spend) =>
    containsAll(list(a), list(b), spend),
  ),
  define(
    'sets.equivalent(list(T), list(T)): bool',
    ([a, b], spend) => containsAll(list(a), list(b), spend) && containsAll(list(b), list(a), spend),
  ),
  define('sets.intersects(list(T), list(T)): bool', ([a, b], spend) =>
    list(a).some((one) => has(list(b), one, spend)),
  ),
];

function containsAll(all: readonly Value[], some: readonly Value[], spend: Spend): boolean {
  return some.every((one) => has(all, one, spend));
}

function has(all: readonly Value[], wanted: Value, spend: Spend): boolean {
  return all.some((one) => equal(one, wanted, spend));
}
