/** CEL's operators, `size`, `in` and `type`. */
import { CelError } from './cel-error.ts';
import { compare, equal, type Spend } from './equality.ts';
import {
  checkedInt,
  checkedUint,
  define,
  given,
  int,
  list,
  noOverload,
  type Arguments,
  type Overload,
} from './library.ts';
import { isTagged, iterated, sizeOf, textSize, typeName, uint, type Value } from './value.ts';
import { durationDifference, timeDifferences, timeSums } from './time.ts';

const orderedPairs = [
  'bool, bool',
  'int, int',
  'int, double',
  'int, uint',
  'uint, uint',
  'uint, double',
  'uint, int',
  'double, double',
  'double, int',
  'double, uint',
  'string, string',
  'bytes, bytes',
  'timestamp, timestamp',
  'duration, duration',
];

function unsigned(value: Value | undefined): bigint {
  if (isTagged(value, 'uint')) return value.value;
  throw noOverload();
}

function double(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  throw noOverload();
}

function ints(operator: string, apply: (a: bigint, b: bigint) => bigint): Overload {
  return define(`_${operator}_(int, int): int`, ([a, b]) => checkedInt(apply(int(a), int(b))));
}

function uints(operator: string, apply: (a: bigint, b: bigint) => bigint): Overload {
  return define(`_${operator}_(uint, uint): uint`, ([a, b]) =>
    uint(checkedUint(apply(unsigned(a), unsigned(b)))),
  );
}

function doubles(operator: string, apply: (a: number, b: number) => number): Overload {
  return define(`_${operator}_(double, double): double`, ([a, b]) => apply(double(a), double(b)));
}

function divide(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new CelError('division by zero');
  return a / b;
}

function remainder(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new CelError('modulus by zero');
  return a % b;
}

function order(operator: string, holds: (order: number) => boolean): readonly Overload[] {
  const call = ([a, b]: Arguments): boolean => holds(compare(given(a), given(b)));
  return orderedPairs.map((types) => define(`_${operator}_(${types}): bool`, call));
}

function contains(all: readonly Value[], wanted: Value, spend: Spend): boolean {
  return all.some((one) => equal(one, wanted, spend));
}

function concatenate([a, b]: Arguments, spend: Spend): Value {
  if (list(a).length === 0) return list(b);
  if (list(b).length === 0) return iterated(list(a));
  const joined = [...iterated(list(a)), ...list(b)];
  // cel-go joins in constant time; here it is a copy.
  spend(joined.length / 5);
  return joined;
}

function addText([a, b]: Arguments): Value {
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  throw noOverload();
}

function addBytes([a, b]: Arguments): Value {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return Uint8Array.from([...a, ...b]);
  }
  throw noOverload();
}

function hasKey([key, map]: Arguments): boolean {
  if (!isTagged(map, 'map')) throw noOverload();
  return map.get(given(key)) !== undefined;
}

function size([value]: Arguments, spend: Spend): bigint {
  // Code points have to be counted here; cel-go charges 1.
  if (typeof value === 'string') spend(value.length / 50);
  return BigInt(typeof value === 'string' ? textSize(value) : sizeOf(value));
}

const unevaluated = (): Value => {
  throw noOverload();
};

/** In the order of cel-go's declarations: the first that fits decides what an unknown type is. */
const arithmetic: readonly Overload[] = [
  define('_+_(bytes, bytes): bytes', addBytes),
  doubles('+', (a, b) => a + b),
  ...timeSums,
  ints('+', (a, b) => a + b),
  define('_+_(list(A), list(A)): list(A)', concatenate),
  define('_+_(string, string): string', addText),
  uints('+', (a, b) => a + b),
  doubles('-', (a, b) => a - b),
  durationDifference,
  ints('-', (a, b) => a - b),
  ...timeDifferences,
  uints('-', (a, b) => a - b),
  doubles('*', (a, b) => a * b),
  ints('*', (a, b) => a * b),
  uints('*', (a, b) => a * b),
  doubles('/', (a, b) => a / b),
  ints('/', divide),
  uints('/', divide),
  ints('%', remainder),
  uints('%', remainder),
];

export const operators: readonly Overload[] = [
  define('_?_:_(bool, A, A): A', unevaluated),
  define('_&&_(bool, bool): bool', unevaluated),
  define('_||_(bool, bool): bool', unevaluated),
  define('_[_](list(A), int): A', unevaluated),
  define('_[_](map(A, B), A): B', unevaluated),
  define('_[_](optional_type(list(V)), int): optional_type(V)', unevaluated),
  define('_[_](optional_type(map(K, V)), K): optional_type(V)', unevaluated),
  define('_[?_](list(V), int): optional_type(V)', unevaluated),
  define('_[?_](optional_type(list(V)), int): optional_type(V)', unevaluated),
  define('_[?_](map(K, V), K): optional_type(V)', unevaluated),
  define('_[?_](optional_type(map(K, V)), K): optional_type(V)', unevaluated),
  define('!_(bool): bool', ([a]) => a !== true),
  define('-_(double): double', ([a]) => -double(a)),
  define('-_(int): int', ([a]) => checkedInt(-int(a))),
  define('_==_(A, A): bool', ([a, b], spend) => equal(given(a), given(b), spend)),
  define('_!=_(A, A): bool', ([a, b], spend) => !equal(given(a), given(b), spend)),
  ...arithmetic,
  ...order('<', (one) => one < 0),
  ...order('<=', (one) => one <= 0),
  ...order('>', (one) => one > 0),
  ...order('>=', (one) => one >= 0),
  define('@in(A, list(A)): bool', ([a, b], spend) => contains(list(b), given(a), spend)),
  define('@in(A, map(A, B)): bool', hasKey),
  ...['bytes', 'list(A)', 'map(A, B)', 'string'].flatMap((type) => [
    define(`size(${type}): int`, size),
    define(`${type}.size(): int`, size),
  ]),
  define('type(A): type(A)', ([a]) => ({ kind: 'type', type: typeName(given(a)) })),
  define('dyn(A): dyn', ([a]) => given(a)),
];
