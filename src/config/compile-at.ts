import { CelError } from '../cel/cel-error.ts';
import { compileExpression, type CelVariable, type Expression } from '../cel/expression.ts';
import type { Problems } from './problems.ts';

/** Compiles an expression of the file; a fault is told at its path, and there is no expression then. */
export function compileAt(
  source: string,
  variable: CelVariable,
  path: string,
  problems: Problems,
): Expression | undefined {
  try {
    return compileExpression(source, variable);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    problems.invalid(path, source, error.message);
    return undefined;
  }
}
