/** Finds the overloads that calls mean, and their static types. */
import { substitute } from './assignable.ts';
import { childrenOf, qualifiedName, type Call, type Expr } from './ast.ts';
import { CelError } from './cel-error.ts';
import {
  assignable,
  known,
  mismatch,
  newParam,
  shown,
  type Checker,
  type Scope,
} from './check-state.ts';
import type { Overload } from './library.ts';
import { clauseRules, clausesOf, type Clause } from './string-format.ts';
import { boolType, dynType, errorType, sameType, stringType, type Type } from './types.ts';

/** The type of a call; throws CelError when no overload takes its arguments. */
export function typeOfCall(checker: Checker, expr: Call, scope: Scope): Type {
  const name = expr.name.replace(/^\./, '');
  if (name !== 'format') return typeOfNamedCall(checker, expr, name, scope);
  checker.formats += 1;
  try {
    return typeOfFormat(checker, expr, scope);
  } finally {
    checker.formats -= 1;
  }
}

/** In a literal list each value must be fit for its clause of a literal format. */
function typeOfFormat(checker: Checker, expr: Call, scope: Scope): Type {
  const [args, more] = expr.args;
  const form = expr.target?.op === 'literal' ? expr.target.value : undefined;
  const overloads = checker.declarations.functions.get('format');
  if (typeof form !== 'string' || args?.op !== 'list' || more || !overloads || !expr.target) {
    return typeOfNamedCall(checker, expr, 'format', scope);
  }
  const values = args.elements.map(({ value, optional }) => {
    if (optional) throw new CelError('format() is not supported with optional values');
    checker.typeOf(checker, value, scope);
    return value;
  });
  const clauses = clausesOf(form);
  for (const [index, clause] of clauses.entries()) {
    const value = values[index];
    if (!value) throw new CelError(`index ${index} out of range`);
    checkFormatted(checker, clause, value, scope);
  }
  if (values.length > clauses.length) {
    throw new CelError(
      `too many arguments supplied to string.format (expected ${clauses.length}, got ${values.length})`,
    );
  }
  checker.calls.set(expr, { overloads, args: [expr.target, args] });
  return stringType;
}

/** Throws CelError unless the clause takes the value, and what stands in it when it is a literal. */
function checkFormatted(checker: Checker, clause: Clause, value: Expr, scope: Scope): void {
  const type = known(checker, checker.typeOf(checker, value, scope));
  const [names, problem] = clauseRules[clause];
  if (type.name !== 'dyn' && type.kind !== 'error' && !names.split(' ').includes(type.name)) {
    const name = type.name === 'any' ? 'google.protobuf.Any' : type.name;
    throw new CelError(`error during formatting: ${problem}, was given ${name}`, value.at);
  }
  if (clause !== 's' || (value.op !== 'list' && value.op !== 'map')) return;
  for (const inner of childrenOf(value)) checkFormatted(checker, clause, inner, scope);
}

function typeOfNamedCall(checker: Checker, expr: Call, name: string, scope: Scope): Type {
  const argTypes = expr.args.map((arg) => checker.typeOf(checker, arg, scope));
  if (!expr.target) return resolve(checker, expr, name, { args: expr.args, types: argTypes });
  const prefix = qualifiedName(expr.target);
  const qualified = prefix === undefined ? '' : `${prefix}.${name}`;
  if (checker.declarations.functions.has(qualified)) {
    return resolve(checker, expr, qualified, { args: expr.args, types: argTypes });
  }
  const types = [checker.typeOf(checker, expr.target, scope), ...argTypes];
  return resolve(checker, expr, name, { args: [expr.target, ...expr.args], types, member: true });
}

interface Given {
  readonly args: readonly Expr[];
  readonly types: readonly Type[];
  readonly member?: boolean;
}

function resolve(checker: Checker, expr: Call, name: string, given: Given): Type {
  const { args, types, member = false } = given;
  if ((name === '_&&_' || name === '_||_') && !areBools(checker, given)) return errorType;
  const declared = checker.declarations.functions.get(name);
  if (!declared) throw new CelError(`undeclared reference to '${name}' (in container '')`);
  let result: Type | undefined;
  const overloads = declared.filter((overload) => {
    if (overload.member !== member) return false;
    const [wanted, returned] = fresh(checker, overload);
    if (!assignable(checker, types, wanted)) return false;
    const type = known(checker, returned);
    if (result === undefined) result = type;
    else if (result.kind !== 'dyn' && !sameType(type, result)) result = dynType;
    return true;
  });
  if (!result) {
    const names = types.map((type) => shown(checker, type));
    const signature = member
      ? `${names[0]}.(${names.slice(1).join(', ')})`
      : `(${names.join(', ')})`;
    throw new CelError(`found no matching overload for '${name}' applied to '${signature}'`);
  }
  checker.calls.set(expr, { overloads, args });
  return result;
}

/** Puts down each that is not. */
function areBools(checker: Checker, { args, types }: Given): boolean {
  const wrong = types.flatMap((type, index) => {
    if (assignable(checker, [type], [boolType])) return [];
    return [mismatch(checker, boolType, type, args[index]?.at ?? 0)];
  });
  checker.errors.push(...wrong);
  return wrong.length === 0;
}

/** The overload's types with type parameters of their own. */
function fresh(checker: Checker, { args, result }: Overload): readonly [readonly Type[], Type] {
  const own = new Map<string, Type>();
  const collect = (type: Type): void => {
    if (type.kind === 'param' && !own.has(type.name)) own.set(type.name, newParam(checker));
    type.params.forEach(collect);
  };
  [...args, result].forEach(collect);
  return [args.map((type) => substitute(own, type, false)), substitute(own, result, false)];
}
