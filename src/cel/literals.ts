/** Checks beyond types which kube-apiserver makes when it loads an expression, and ours that refuse what can't be told alike. */
import { childrenOf, type Call, type Expr } from './ast.ts';
import { CelError } from './cel-error.ts';
import { compilePattern } from './regexes.ts';

/** What is wrong, each with its place; `tryOut` throws CelError when a call of literals fails. */
export function wrongLiterals(expr: Expr, tryOut: (call: Call) => void): readonly CelError[] {
  const own = expr.op === 'call' ? wrongIn(expr, tryOut) : undefined;
  return [...(own ? [own] : []), ...childrenOf(expr).flatMap((one) => wrongLiterals(one, tryOut))];
}

function wrongIn(call: Call, tryOut: (call: Call) => void): CelError | undefined {
  try {
    checkCall(call, tryOut);
    return undefined;
  } catch (error) {
    if (error instanceof CelError) return new CelError(error.message, error.at ?? call.at);
    throw error;
  }
}

function checkCall(call: Call, tryOut: (call: Call) => void): void {
  const [first] = call.args;
  if (call.name === 'matches' && call.target) {
    checkArgument(call.name, first, () => checkPattern(first));
  }
  if (call.name === 'duration' || call.name === 'timestamp') {
    checkArgument(call.name, first, () => tryOut(call));
  }
  const validated = [call.target, ...call.args].find(
    (one) => one?.op === 'call' && one.name === 'validate',
  );
  if (validated && call.name !== 'hasValue') {
    throw new CelError('validate() is supported with hasValue() only: its messages are not');
  }
}

/** Throws cel-go's own message when a literal is none that can be used. */
function checkArgument(name: string, argument: Expr | undefined, check: () => void): void {
  if (argument?.op !== 'literal') return;
  try {
    check();
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw new CelError(`invalid ${name} argument`, argument.at);
  }
}

/** Patterns that kube-apiserver compiles when it makes a program of the expression. Throws CelError. */
export function checkPatterns(expr: Expr): void {
  if (expr.op === 'call') {
    if (expr.name === 'matches') checkPattern(expr.args[expr.target ? 0 : 1]);
    if (expr.name === 'find' || expr.name === 'findAll') checkPattern(expr.args[0]);
  }
  childrenOf(expr).forEach(checkPatterns);
}

function checkPattern(pattern: Expr | undefined): void {
  if (pattern?.op === 'literal' && typeof pattern.value === 'string') {
    compilePattern(pattern.value);
  }
}
