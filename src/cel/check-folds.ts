/** Finds the static types of comprehensions. */
import type { Fold } from './ast.ts';
import { CelError } from './cel-error.ts';
import {
  assignable,
  known,
  mismatch,
  newParam,
  requireBool,
  type Checker,
  type Scope,
} from './check-state.ts';
import { boolType, dynType, intType, listType, mapType, showType, type Type } from './types.ts';

/** The type of a comprehension; throws CelError. */
export function typeOfFold(checker: Checker, expr: Fold, scope: Scope): Type {
  const range = known(checker, checker.typeOf(checker, expr.range, scope));
  const [first, second] = rangeTypes(checker, range, expr.second !== undefined);
  const inner = new Map([...scope, [expr.variable, first]]);
  if (expr.second !== undefined) inner.set(expr.second, second);
  if (expr.filter) requireBool(checker, checker.typeOf(checker, expr.filter, inner));
  const body = checker.typeOf(checker, expr.body, inner);
  switch (expr.kind) {
    case 'all':
    case 'exists':
    case 'existsOne':
      requireBool(checker, body);
      return boolType;
    case 'filter':
      if (known(checker, first).kind === 'type') throw new CelError('undefined type');
      requireBool(checker, body);
      return listType(known(checker, first));
    case 'list':
      return listType(known(checker, body));
    case 'map':
      return mapType(known(checker, first), known(checker, body));
    case 'mapEntry':
      break;
  }
  const result = mapType(newParam(checker), newParam(checker));
  if (!assignable(checker, [body], [result])) throw mismatch(result, body);
  return known(checker, result);
}

function rangeTypes(checker: Checker, range: Type, two: boolean): readonly [Type, Type] {
  const [key = dynType, value = dynType] = range.params;
  if (range.kind === 'list') return two ? [intType, key] : [key, key];
  if (range.kind === 'map') return [key, value];
  if (range.kind === 'param') assignable(checker, [dynType], [range]);
  // A claim itself is `any`, and kube-apiserver takes only `dyn(claims.groups)` for a range.
  else if (range.name !== 'dyn') {
    throw new CelError(
      `expression of type '${showType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
    );
  }
  return [dynType, dynType];
}
