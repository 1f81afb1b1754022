/** The syntax tree of an expression, after macros are expanded. */
import type { Value } from './value.ts';

export interface Entry {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}

export interface Element {
  readonly value: Expr;
  readonly optional: boolean;
}

/** Where cel-go sees a part, as an offset into the source: a call at its `(` or operator, a selection at its dot. */
interface Placed {
  readonly at: number;
}

export type FoldKind = 'all' | 'exists' | 'existsOne' | 'list' | 'filter' | 'map' | 'mapEntry';

/** A comprehension: what cel-go expands macros to, kept in one node. */
export interface Fold extends Placed {
  readonly op: 'fold';
  readonly kind: FoldKind;
  readonly range: Expr;
  readonly variable: string;
  /** The second variable; with it the first is the index or key. */
  readonly second: string | undefined;
  readonly filter: Expr | undefined;
  readonly body: Expr;
}

export type Expr = Placed &
  (
    | { readonly op: 'literal'; readonly value: Value }
    | { readonly op: 'ident'; readonly name: string }
    | Select
    | Call
    | { readonly op: 'list'; readonly elements: readonly Element[] }
    | { readonly op: 'map'; readonly entries: readonly Entry[] }
    | Fold
    | {
        readonly op: 'bind';
        readonly variable: string;
        readonly value: Expr;
        readonly body: Expr;
      }
  );

export interface Select extends Placed {
  readonly op: 'select';
  readonly operand: Expr;
  readonly field: string;
  /** `has(operand.field)` */
  readonly test: boolean;
  /** `operand.?field` */
  readonly optional: boolean;
}

export interface Call extends Placed {
  readonly op: 'call';
  readonly name: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}

export function globalCall(name: string, args: readonly Expr[], at: number): Call {
  return { op: 'call', name, target: undefined, args, at };
}

/** `a.b.c` for a chain of plain selections from an identifier, else undefined. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.op === 'ident') return expr.name.replace(/^\./, '');
  if (expr.op !== 'select' || expr.test || expr.optional) return undefined;
  const before = qualifiedName(expr.operand);
  return before === undefined ? undefined : `${before}.${expr.field}`;
}

/** The expressions directly inside one. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.op) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target ? [expr.target, ...expr.args] : expr.args;
    case 'list':
      return expr.elements.map(({ value }) => value);
    case 'map':
      return expr.entries.flatMap(({ key, value }) => [key, value]);
    case 'fold':
      return [expr.range, ...(expr.filter ? [expr.filter] : []), expr.body];
    case 'bind':
      break;
  }
  return [expr.value, expr.body];
}
