/** CEL expressions of an AuthenticationConfiguration, as kube-apiserver 1.36 compiles and evaluates them. */
import { childrenOf, type Expr } from './ast.ts';
import { CelError, CelErrors } from './cel-error.ts';
import { check } from './checker.ts';
import { variableMap } from './containers.ts';
import { createPurse } from './cost.ts';
import { declarationsOf } from './environment.ts';
import { checkPatterns, wrongLiterals } from './literals.ts';
import { parse } from './parser.ts';
import { plan } from './planner.ts';
import { showErrors } from './shown-errors.ts';
import { isList, isNativeList, isTagged, type Value } from './value.ts';

export type CelVariable = 'claims' | 'user';

export interface Expression {
  readonly source: string;
  /** Static result type by CEL's name: 'bool', 'string', 'list', 'map', 'dyn', 'int', ... */
  readonly type: string;
  /** Evaluates with the variable's value: plain JSON for claims, {username, uid, groups, extra} for user. Returns plain values; a list that kube-apiserver can't take apart, and anything else, as an object that is no array. Throws CelError. */
  readonly evaluate: (value: unknown) => unknown;
  /** Top-level claims that are selected as `claims.NAME` or `claims.?NAME` anywhere; kube-apiserver's rule for email asks it. */
  readonly selectedClaims: ReadonlySet<string>;
}

/** Compiles as kube-apiserver 1.36 would; throws CelError with its words ("compilation failed: " and all errors with their places, or "program instantiation failed: "). */
export function compileExpression(source: string, variable: CelVariable): Expression {
  const { expr, type, run } = compile(source, variable);
  const typeName = variable === 'claims' ? 'kubernetes.claims' : 'kubernetes.UserInfo';
  return {
    source,
    type: type === 'any' ? 'dyn' : type,
    evaluate: (value) => {
      const variables = new Map([[variable, variableMap(typeName, value)]]);
      return toPlain(run({ spend: createPurse(), variables }));
    },
    selectedClaims: variable === 'claims' ? selectedClaims(expr) : new Set(),
  };
}

function compile(source: string, variable: CelVariable) {
  const parsed = saying('compilation failed', source, () => {
    const expr = parse(source);
    const checked = check(expr, declarationsOf(variable));
    const wrong = wrongLiterals(expr, (call) => plan(call, checked));
    if (wrong.length > 0) throw new CelErrors(wrong);
    return { expr, checked };
  });
  return saying('program instantiation failed', source, () => {
    const { expr, checked } = parsed;
    checkPatterns(expr);
    return { expr, type: checked.type.name, run: plan(expr, checked).run };
  });
}

function saying<T>(what: string, source: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof CelError) throw new CelError(`${what}: ${showErrors(source, error)}`);
    throw error;
  }
}

function selectedClaims(expr: Expr): ReadonlySet<string> {
  const own =
    expr.op === 'select' && expr.operand.op === 'ident' && expr.operand.name === 'claims'
      ? [expr.field]
      : [];
  return new Set([...own, ...childrenOf(expr).flatMap((child) => [...selectedClaims(child)])]);
}

function toPlain(value: Value): unknown {
  if (isTagged(value, 'uint')) return value.value;
  if (isList(value)) return isNativeList(value) ? { list: value } : value.map(elementToPlain);
  return value;
}

function elementToPlain(value: Value): unknown {
  if (isTagged(value, 'type')) return value.type;
  if (isTagged(value, 'optional') && value.value !== undefined) return elementToPlain(value.value);
  return isList(value) ? { list: value } : toPlain(value);
}
