/** Finds the overloads that calls mean, and their static types. */
import { substitute } from './assignable.ts';
import { qualifiedName, type Call, type Expr } from './ast.ts';
import { CelError } from './cel-error.ts';
import { assignable, known, newParam, type Checker, type Scope } from './check-state.ts';
import type { Overload } from './library.ts';
import { clausesOf } from './string-format.ts';
import { dynType, sameType, showType, stringType, type Type } from './types.ts';

const wholeTypes = new Set(['int', 'uint', 'dyn']);
const shownTypes = new Set(['string', 'bool', 'int', 'uint', 'null_type', 'dyn']);

/** The type of a call; throws CelError when no overload takes its arguments. */
export function typeOfCall(checker: Checker, expr: Call, scope: Scope): Type {
  const name = expr.name.replace(/^\./, '');
  return name === 'format' && expr.target
    ? typeOfFormat(checker, expr, scope)
    : typeOfNamedCall(checker, expr, name, scope);
}

/** The members of its list may be of several types, each fit for its clause. */
function typeOfFormat(checker: Checker, expr: Call, scope: Scope): Type {
  const [args] = expr.args;
  const form = expr.target?.op === 'literal' ? expr.target.value : undefined;
  const overloads = checker.declarations.functions.get('format');
  if (typeof form !== 'string' || args?.op !== 'list' || expr.args.length !== 1 || !overloads) {
    throw new CelError('format() is supported on a literal with a list of arguments only');
  }
  const clauses = clausesOf(form);
  const fitting = args.elements.every(({ value, optional }, at) => {
    const { name } = known(checker, checker.typeOf(checker, value, scope));
    return !optional && (clauses[at] === 'd' ? wholeTypes : shownTypes).has(name);
  });
  if (!fitting || args.elements.length !== clauses.length) {
    throw new CelError('error during formatting: the arguments do not fit the clauses');
  }
  checker.calls.set(expr, { overloads, args: expr.target ? [expr.target, args] : [args] });
  return stringType;
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
    const shown = types.map((type) => showType(substitute(checker.mapping, type, true)));
    const signature = member
      ? `${shown[0]}.(${shown.slice(1).join(', ')})`
      : `(${shown.join(', ')})`;
    throw new CelError(`found no matching overload for '${name}' applied to '${signature}'`);
  }
  checker.calls.set(expr, { overloads, args });
  return result;
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
