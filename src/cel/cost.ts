/** What a call costs: cel-go's interpreter/runtimecost.go, and k8s.io/apiserver/pkg/cel/library/cost.go at v1.36. */
import { CostError } from './cel-error.ts';
import type { Spend } from './equality.ts';
import { isList, isTagged, type Value } from './value.ts';

/** kube-apiserver's PerCallLimit. */
const limit = 1_000_000;
const perCharacter = 0.1;
const perPatternCharacter = 0.25;

/** A purse of one evaluation; throws CostError when it is empty. */
export function createPurse(): Spend {
  let left = limit;
  return (work) => {
    left -= work;
    if (left < 0) throw new CostError();
  };
}

const both = new Set(['_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_']);
const flat = new Set([
  'size',
  '_[_]',
  '_[?_]',
  'value',
  'hasValue',
  'or',
  'orValue',
  'optional.of',
  'optional.none',
  'type',
  'dyn',
  'first',
  'last',
]);
const patterns = new Set(['matches', 'find', 'findAll']);
const products = new Set(['sets.contains', 'sets.intersects', 'sets.equivalent']);

/** The price of a call before it runs; what depends on its result its function spends itself. */
export function callCost(name: string, args: readonly Value[]): number {
  const [first, second] = args;
  if (flat.has(name)) return 1;
  if (both.has(name)) {
    return Math.max(1, Math.ceil(Math.min(measure(first), measure(second)) * perCharacter));
  }
  if (patterns.has(name)) {
    return (
      Math.ceil((1 + measure(first)) * perCharacter) *
      Math.max(1, Math.ceil(measure(second) * perPatternCharacter))
    );
  }
  if (name === 'contains') {
    return Math.ceil(measure(first) * perCharacter) * Math.ceil(measure(second) * perCharacter);
  }
  if (products.has(name)) return 1 + 2 * measure(first) * measure(second);
  if (name === '@in') return measure(second);
  if (name === '_+_' && isList(first)) return 1;
  return 1 + args.reduce((sum: number, one) => sum + traversal(one), 0);
}

/** Its length, cheaply: UTF-16 units of text. */
function measure(value: Value | undefined): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (isList(value)) return value.length;
  if (isTagged(value, 'map')) return value.size;
  return 1;
}

function traversal(value: Value): number {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    return Math.ceil(value.length * 2 * perCharacter);
  }
  if (!isList(value)) return 0;
  return value.reduce<number>((sum, one) => sum + 1 + textWork(one), 0);
}

function textWork(value: Value): number {
  return typeof value === 'string' ? value.length * perCharacter : 0;
}
