/** What a check of types knows so far, and how it learns. */
import { substitute, unify, type Mapping } from './assignable.ts';
import type { Call, Expr } from './ast.ts';
import { CelError } from './cel-error.ts';
import type { Overload } from './library.ts';
import { boolType, showType, typeParam, type Type } from './types.ts';

export interface Resolution {
  readonly overloads: readonly Overload[];
  /** The receiver, if any, comes first. */
  readonly args: readonly Expr[];
}

/** What the checker found out. */
export interface Checked {
  readonly type: Type;
  readonly calls: ReadonlyMap<Call, Resolution>;
  /** Names that mean a type. */
  readonly typeNames: ReadonlyMap<Expr, string>;
}

export interface Declarations {
  readonly functions: ReadonlyMap<string, readonly Overload[]>;
  readonly variables: ReadonlyMap<string, Type>;
  readonly types: ReadonlyMap<string, Type>;
}

export type Scope = ReadonlyMap<string, Type>;

export interface Checker {
  /** Finds the type of a part. */
  readonly typeOf: (checker: Checker, expr: Expr, scope: Scope) => Type;
  readonly declarations: Declarations;
  readonly calls: Map<Call, Resolution>;
  readonly typeNames: Map<Expr, string>;
  /** Types of list and map members that must turn out to be the same. */
  readonly alike: (readonly [Type, Type])[];
  mapping: Mapping;
  free: number;
}

export function requireBool(checker: Checker, type: Type): void {
  if (!assignable(checker, [type], [boolType])) throw mismatch(boolType, known(checker, type));
}

export function assignable(checker: Checker, from: readonly Type[], to: readonly Type[]): boolean {
  const mapping = unify(checker.mapping, from, to);
  if (mapping) checker.mapping = mapping;
  return mapping !== undefined;
}

export function known(checker: Checker, type: Type): Type {
  return substitute(checker.mapping, type, false);
}

export function newParam(checker: Checker): Type {
  checker.free += 1;
  return typeParam(`_var${checker.free}`);
}

export function mismatch(wanted: Type, found: Type): CelError {
  return new CelError(`expected type '${showType(wanted)}' but found '${showType(found)}'`);
}
