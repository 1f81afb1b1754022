/** What an expression comes to, in words that ours and Kubernetes' can be compared by. */
import { CelError } from '../../src/cel/cel-error.ts';
import { compileExpression } from '../../src/cel/expression.ts';
import type { Answer, Question } from './cel-oracle.ts';

export type Verdict = 'refused at load' | 'failed' | `gave ${string}`;

export function oracleVerdict({ compileError, error, value }: Answer): Verdict {
  if (compileError !== undefined) return 'refused at load';
  return error === undefined ? `gave ${comparable(value)}` : 'failed';
}

/** Anything thrown but CelError is thrown on. */
export function ourVerdict({ variable, source, input }: Question): Verdict {
  const expression = unlessCelError(() => compileExpression(source, variable));
  if (expression === undefined) return 'refused at load';
  const result = unlessCelError(() => ({ value: expression.evaluate(input) }));
  return result === undefined ? 'failed' : `gave ${comparable(asOracle(result.value))}`;
}

/** What is said of an expression that is refused at load. */
export function ourRefusal({ variable, source }: Question): string | undefined {
  try {
    compileExpression(source, variable);
    return undefined;
  } catch (error) {
    if (error instanceof CelError) return error.message;
    throw error;
  }
}

/** How a refusal tells the place of what it says first: `1:7`. */
export function placeOf(refusal: string): string | undefined {
  return /^compilation failed: ERROR: <input>:(\d+:\d+): /.exec(refusal)?.[1];
}

/** The grammar's own errors are worded by the tool that made cel-go's parser. */
export function isSyntaxError(refusal: string): boolean {
  return refusal.includes(': Syntax error: ');
}

/** Whether ours only refuses where Kubernetes doesn't, or refuses earlier. */
export function isStricter(ours: Verdict, theirs: Verdict): boolean {
  if (ours === 'refused at load') return true;
  // A claim or rule that comes to something else than plain values is refused where it is used.
  return theirs.startsWith('gave') && (ours === 'failed' || ours === 'gave "something else"');
}

function comparable(value: unknown): string {
  if (typeof value === 'string' && value !== '' && Number.isFinite(Number(value))) {
    return `number ${Number(value)}`;
  }
  return JSON.stringify(value ?? 'something else');
}

function asOracle(value: unknown): unknown {
  if (typeof value === 'string') return value;
  if (value === null) return 'null';
  if (value instanceof Uint8Array) return `[${value.join(' ')}]`;
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  if (Array.isArray(value)) {
    return value.every((one) => typeof one === 'string') ? value : 'list of others';
  }
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value);
  }
  return undefined;
}

function unlessCelError<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof CelError) return undefined;
    throw error;
  }
}
