/** Finds the static types of comprehensions. */
import type { Fold } from './ast.ts';
import { CelError } from './cel-error.ts';
import {
  assignable,
  known,
  mismatch,
  newParam,
  requireBool,
  shown,
  type Checker,
  type Scope,
} from './check-state.ts';
import {
  boolType,
  dynType,
  errorType,
  intType,
  listType,
  mapType,
  showType,
  type Type,
} from './types.ts';

/** The type of a comprehension; throws CelError. */
export function typeOfFold(checker: Checker, expr: Fold, scope: Scope): Type {
  const range = known(checker, checker.typeOf(checker, expr.range, scope));
  const [first, second] = rangeTypes(checker, range, expr);
  const inner = new Map([...scope, [expr.variable, first]]);
  if (expr.second !== undefined) inner.set(expr.second, second);
  const filter = expr.filter && checker.typeOf(checker, expr.filter, inner);
  const body = checker.typeOf(checker, expr.body, inner);
  switch (expr.kind) {
    case 'existsOne':
      requireCondition(checker, body, intType, expr.at);
      return boolType;
    case 'all':
    case 'exists':
      requireBool(checker, body, expr.body.at);
      return boolType;
    case 'filter':
      if (known(checker, first).kind === 'type') throw new CelError('undefined type');
      requireCondition(checker, body, listType(first), expr.at);
      return listType(known(checker, first));
    case 'list':
      if (filter) requireCondition(checker, filter, listType(body), expr.at);
      return listType(known(checker, body));
    case 'map':
      if (filter) requireCondition(checker, filter, mapType(first, body), expr.at);
      return mapType(known(checker, first), known(checker, body));
    case 'mapEntry':
      break;
  }
  if (expr.filter && filter) requireBool(checker, filter, expr.filter.at);
  const result = mapType(newParam(checker), newParam(checker));
  if (!assignable(checker, [body], [result])) throw mismatch(checker, result, body, expr.body.at);
  return known(checker, result);
}

/** cel-go makes `condition ? result : before` of it. */
function requireCondition(checker: Checker, type: Type, result: Type, at: number): void {
  if (assignable(checker, [type], [boolType])) return;
  const names = [type, result, result].map((one) => shown(checker, one)).join(', ');
  const problem = `found no matching overload for '_?_:_' applied to '(${names})'`;
  checker.errors.push(new CelError(problem, at));
}

function rangeTypes(checker: Checker, range: Type, fold: Fold): readonly [Type, Type] {
  const [key = dynType, value = dynType] = range.params;
  if (range.kind === 'list') return fold.second === undefined ? [key, key] : [intType, key];
  if (range.kind === 'map') return [key, value];
  if (range.kind === 'param') assignable(checker, [dynType], [range]);
  // A claim itself is `any`, and kube-apiserver takes only `dyn(claims.groups)` for a range.
  else if (range.name !== 'dyn' && range.kind !== 'error') {
    checker.errors.push(
      new CelError(
        `expression of type '${showType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        fold.range.at,
      ),
    );
    return [errorType, errorType];
  }
  return [dynType, dynType];
}
