/** What an evaluation runs in, and how its steps are called. */
import { CelError, CostError } from './cel-error.ts';
import type { Spend } from './equality.ts';
import type { Value } from './value.ts';

/** One evaluation: the purse, and the variables by name. */
export interface Frame {
  readonly spend: Spend;
  readonly variables: ReadonlyMap<string, Value>;
}

export type Run = (frame: Frame) => Value;

export function withVariable(frame: Frame, name: string, value: Value): Frame {
  return { ...frame, variables: new Map([...frame.variables, [name, value]]) };
}

/** The value or the error, except that of an empty purse. */
export function attempt(run: Run, frame: Frame): Value | CelError {
  try {
    return run(frame);
  } catch (error) {
    if (error instanceof CelError && !(error instanceof CostError)) return error;
    throw error;
  }
}
