/** Plans list and map literals; a list of constants is one. */
import type { Expr } from './ast.ts';
import { CelError } from './cel-error.ts';
import { mapOf } from './containers.ts';
import type { Frame, Run } from './frame.ts';
import { isTagged, type Value } from './value.ts';

/** A step, and its value where that is known before any evaluation. */
export interface Plan {
  readonly run: Run;
  readonly constant?: Value;
}

const listCost = 10;
const mapCost = 30;

/** The frame of what is evaluated at load. */
export const nothing: Frame = { spend: () => undefined, variables: new Map() };

export function planConstant(value: Value): Plan {
  return { constant: value, run: () => value };
}

/** Plans a list literal; `planOf` plans its elements. */
export function planList(expr: Extract<Expr, { op: 'list' }>, planOf: (expr: Expr) => Plan): Plan {
  const plans = expr.elements.map(({ value }) => planOf(value));
  const run: Run = (frame) => {
    frame.spend(listCost);
    return plans.flatMap(({ run: element }, at): readonly Value[] => {
      const value = element(frame);
      return expr.elements[at]?.optional ? unwrap(value) : [value];
    });
  };
  const known = plans.every((one) => one.constant !== undefined);
  return known ? constantUnlessFailing(run) : { run };
}

/** Plans a map literal; `planOf` plans its keys and values. */
export function planMap(expr: Extract<Expr, { op: 'map' }>, planOf: (expr: Expr) => Plan): Plan {
  const plans = expr.entries.map(({ key, value }) => [planOf(key), planOf(value)] as const);
  const run: Run = (frame) => {
    frame.spend(mapCost);
    const entries = plans.flatMap(([keyPlan, valuePlan], at): (readonly [Value, Value])[] => {
      const key = keyPlan.run(frame);
      const value = valuePlan.run(frame);
      const values = expr.entries[at]?.optional ? unwrap(value) : [value];
      return values.map((one) => [key, one]);
    });
    return mapOf(entries);
  };
  const known = plans.every((pair) => pair.every((one) => one.constant !== undefined));
  return known ? constantUnlessFailing(run) : { run };
}

/** A literal that can't be made fails when it is used, not when it is loaded. */
function constantUnlessFailing(run: Run): Plan {
  try {
    return planConstant(run(nothing));
  } catch (error) {
    if (error instanceof CelError) return { run };
    throw error;
  }
}

function unwrap(value: Value): readonly Value[] {
  if (!isTagged(value, 'optional')) throw new CelError('cannot initialize optional entry');
  return value.value === undefined ? [] : [value.value];
}
