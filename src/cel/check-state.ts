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

export interface Alike {
  readonly first: Type;
  readonly other: Type;
  /** Whether it is known already that they can't be the same. */
  readonly differ: boolean;
  readonly at: number;
  /** Of a list, only the first that is of another type is told. */
  readonly list: object | undefined;
}

export interface Checker {
  /** Finds the type of a part. */
  readonly typeOf: (checker: Checker, expr: Expr, scope: Scope) => Type;
  readonly declarations: Declarations;
  readonly calls: Map<Call, Resolution>;
  readonly typeNames: Map<Expr, string>;
  readonly errors: CelError[];
  /** List and map members that must turn out to have the same types. */
  readonly alike: Alike[];
  mapping: Mapping;
  free: number;
  /** How many calls of `format` are around: in them members may have several types. */
  formats: number;
}

/** Puts down an error unless the type is or can be bool. */
export function requireBool(checker: Checker, type: Type, at: number): void {
  if (assignable(checker, [type], [boolType])) return;
  checker.errors.push(mismatch(checker, boolType, type, at));
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

export function mismatch(checker: Checker, wanted: Type, found: Type, at: number): CelError {
  const [one, other] = [wanted, found].map((type) => shown(checker, type));
  return new CelError(`expected type '${one}' but found '${other}'`, at);
}

/** The type as messages have it. */
export function shown(checker: Checker, type: Type): string {
  return showType(substitute(checker.mapping, type, true));
}
