/** Finds the static type of every part of an expression, as cel-go's checker does; refuses what it refuses. */
import { substitute } from './assignable.ts';
import { qualifiedName, type Expr, type Select } from './ast.ts';
import { CelError, CelErrors } from './cel-error.ts';
import { typeOfCall } from './check-calls.ts';
import { typeOfFold } from './check-folds.ts';
import { differences, typeOfList, typeOfMap } from './check-literals.ts';
import {
  assignable,
  known,
  type Checked,
  type Checker,
  type Declarations,
  type Scope,
} from './check-state.ts';
import {
  boolType,
  dynType,
  errorType,
  optionalType,
  showType,
  typeType,
  userFields,
  type Type,
} from './types.ts';
import { typeName } from './value.ts';

/** Checks an expression; throws CelErrors with all that is wrong. */
export function check(expr: Expr, declarations: Declarations): Checked {
  const checker: Checker = {
    typeOf,
    declarations,
    calls: new Map(),
    typeNames: new Map(),
    errors: [],
    alike: [],
    mapping: new Map(),
    free: 0,
    formats: 0,
  };
  const type = substitute(checker.mapping, typeOf(checker, expr, declarations.variables), false);
  // kube-apiserver looks at the members of literals when all else is well.
  if (checker.errors.length === 0) checker.errors.push(...differences(checker));
  const { calls, typeNames, errors } = checker;
  if (errors.length > 0) throw new CelErrors(errors);
  return { type: substitute(checker.mapping, type, true), calls, typeNames };
}

/** What is wrong inside is put down, and the part then fits everywhere. */
function typeOf(checker: Checker, expr: Expr, scope: Scope): Type {
  try {
    return typeOfPart(checker, expr, scope);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    checker.errors.push(new CelError(error.message, error.at ?? expr.at));
    return errorType;
  }
}

function typeOfPart(checker: Checker, expr: Expr, scope: Scope): Type {
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

function typeOfName(checker: Checker, expr: Extract<Expr, { op: 'ident' }>, scope: Scope): Type {
  const name = qualifiedName(expr) ?? '';
  const found = named(checker, expr, name, scope);
  if (found) return found;
  throw new CelError(`undeclared reference to '${expr.name}' (in container '')`);
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
  const field = known(checker, fieldType(checker, target, expr));
  if (expr.test) return boolType;
  return isOptional || expr.optional ? optionalType(field) : field;
}

function fieldType(checker: Checker, target: Type, expr: Select): Type {
  const { field } = expr;
  if (target.kind === 'map') return target.params[1] ?? dynType;
  if (target.kind === 'struct') {
    const type = Object.hasOwn(userFields, field) ? userFields[field] : undefined;
    if (type) return type;
    throw new CelError(`undefined field '${field}'`);
  }
  if (target.kind === 'param') assignable(checker, [dynType], [target]);
  else if (target.kind !== 'dyn' && target.kind !== 'error') {
    checker.errors.push(
      new CelError(`type '${showType(target)}' does not support field selection`, expr.at),
    );
  }
  return dynType;
}
