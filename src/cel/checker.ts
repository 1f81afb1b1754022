/** Finds the static type of every part of an expression, as cel-go's checker does; refuses what it refuses. */
import { mostGeneral, substitute } from './assignable.ts';
import { qualifiedName, type Expr, type Select } from './ast.ts';
import { CelError } from './cel-error.ts';
import { typeOfCall } from './check-calls.ts';
import { typeOfFold } from './check-folds.ts';
import {
  assignable,
  known,
  mismatch,
  newParam,
  type Checked,
  type Checker,
  type Declarations,
  type Scope,
} from './check-state.ts';
import {
  boolType,
  dynType,
  listType,
  mapType,
  optionalType,
  sameType,
  showType,
  typeType,
  userFields,
  type Type,
} from './types.ts';
import { typeName } from './value.ts';

/** Checks an expression; throws CelError. */
export function check(expr: Expr, declarations: Declarations): Checked {
  const checker: Checker = {
    typeOf,
    declarations,
    calls: new Map(),
    typeNames: new Map(),
    alike: [],
    mapping: new Map(),
    free: 0,
  };
  const type = substitute(checker.mapping, typeOf(checker, expr, declarations.variables), false);
  for (const [first, other] of checker.alike) {
    const [a, b] = [first, other].map((one) => substitute(checker.mapping, one, true));
    if (a && b && !sameType(a, b)) throw mismatch(a, b);
  }
  const { calls, typeNames } = checker;
  return { type: substitute(checker.mapping, type, true), calls, typeNames };
}

function typeOf(checker: Checker, expr: Expr, scope: Scope): Type {
  switch (expr.op) {
    case 'literal':
      return { name: typeName(expr.value), kind: 'primitive', params: [] };
    case 'ident':
      return typeOfName(checker, expr, scope);
    case 'select':
      return typeOfSelect(checker, expr, scope);
    case 'call':
      return typeOfCall(checker, expr, scope);
    case 'list':
      return typeOfList(checker, expr.elements, scope);
    case 'map':
      return typeOfMap(checker, expr.entries, scope);
    case 'fold':
      return typeOfFold(checker, expr, scope);
    case 'bind':
      break;
  }
  const value = typeOf(checker, expr.value, scope);
  if (known(checker, value).kind === 'type') throw new CelError(`undefined type: ${expr.variable}`);
  return typeOf(checker, expr.body, new Map([...scope, [expr.variable, value]]));
}

function typeOfName(checker: Checker, expr: Expr, scope: Scope): Type {
  const name = qualifiedName(expr) ?? '';
  const found = named(checker, expr, name, scope);
  if (found) return found;
  throw new CelError(`undeclared reference to '${name}' (in container '')`);
}

function named(checker: Checker, expr: Expr, name: string, scope: Scope): Type | undefined {
  const variable = scope.get(name);
  // cel-go takes such a variable's name for that of a type, and fails to load the expression.
  if (variable && known(checker, variable).kind === 'type')
    throw new CelError(`undefined type: ${name}`);
  if (variable) return variable;
  const type = checker.declarations.types.get(name);
  if (!type) return undefined;
  checker.typeNames.set(expr, name);
  return typeType(type);
}

function typeOfSelect(checker: Checker, expr: Select, scope: Scope): Type {
  const name = qualifiedName(expr);
  const found = name === undefined ? undefined : named(checker, expr, name, scope);
  if (found) return found;
  const operand = known(checker, typeOf(checker, expr.operand, scope));
  const isOptional = operand.name === 'optional_type';
  const target = isOptional ? (operand.params[0] ?? dynType) : operand;
  const field = known(checker, fieldType(checker, target, expr.field));
  if (expr.test) return boolType;
  return isOptional || expr.optional ? optionalType(field) : field;
}

function fieldType(checker: Checker, target: Type, field: string): Type {
  if (target.kind === 'map') return target.params[1] ?? dynType;
  if (target.kind === 'struct') {
    const type = Object.hasOwn(userFields, field) ? userFields[field] : undefined;
    if (type) return type;
    throw new CelError(`undefined field '${field}'`);
  }
  if (target.kind === 'param') assignable(checker, [dynType], [target]);
  else if (target.kind !== 'dyn') {
    throw new CelError(`type '${showType(target)}' does not support field selection`);
  }
  return dynType;
}

function typeOfList(
  checker: Checker,
  elements: Extract<Expr, { op: 'list' }>['elements'],
  scope: Scope,
): Type {
  let joined: Type | undefined;
  for (const { value, optional } of elements) {
    const type = memberType(checker, typeOf(checker, value, scope), optional);
    joined = join(checker, joined, type);
  }
  return listType(joined ?? newParam(checker));
}

function typeOfMap(
  checker: Checker,
  entries: Extract<Expr, { op: 'map' }>['entries'],
  scope: Scope,
): Type {
  let keys: Type | undefined;
  let values: Type | undefined;
  for (const { key, value, optional } of entries) {
    keys = join(checker, keys, typeOf(checker, key, scope));
    values = join(checker, values, memberType(checker, typeOf(checker, value, scope), optional));
  }
  return mapType(keys ?? newParam(checker), values ?? newParam(checker));
}

function memberType(checker: Checker, type: Type, optional: boolean): Type {
  if (!optional) return type;
  const now = known(checker, type);
  if (now.name === 'optional_type') return now.params[0] ?? dynType;
  // kube-apiserver panics on a dyn one.
  throw mismatch(optionalType(now), now);
}

function join(checker: Checker, before: Type | undefined, type: Type): Type {
  if (!before) return type;
  if (!assignable(checker, [before], [type])) throw mismatch(before, type);
  checker.alike.push([before, type]);
  return mostGeneral(before, type);
}
