/** Checks beyond types which kube-apiserver makes when it loads an expression, and ours that refuse what can't be told alike. */
import { childrenOf, type Call, type Expr } from './ast.ts';
import { CelError } from './cel-error.ts';
import { compilePattern } from './regexes.ts';

/** Throws CelError. */
export function checkLiterals(expr: Expr): void {
  if (expr.op === 'call') checkCall(expr);
  childrenOf(expr).forEach(checkLiterals);
}

function checkCall(call: Call): void {
  if (call.name === 'matches') checkPattern(call.args[call.target ? 0 : 1]);
  if (call.name === 'find' || call.name === 'findAll') checkPattern(call.args[0]);
  const validated = [call.target, ...call.args].find(
    (one) => one?.op === 'call' && one.name === 'validate',
  );
  if (validated && call.name !== 'hasValue') {
    throw new CelError('validate() is supported with hasValue() only: its messages are not');
  }
}

function checkPattern(pattern: Expr | undefined): void {
  if (pattern?.op === 'literal' && typeof pattern.value === 'string') {
    compilePattern(pattern.value);
  }
}
