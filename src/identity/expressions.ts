// What CEL expressions of a configuration give, in the types that an identity needs:
// apiserver/pkg/authentication/cel and oidc.go (convertCELValueToStringList) at v1.36.3.
import type { Expression } from '../cel/expression.ts';
import { CelError } from '../cel/cel-error.ts';
import { Denial } from '../denial/denial.ts';

export interface Rule {
  readonly expression: Expression;
  /** The administrator's sentence for when it is false; may be empty. */
  readonly message: string;
}

/** A text. `what` completes "the expression for …". Throws Denial. */
export function evaluateString(expression: Expression, value: unknown, what: string): string {
  const result = evaluate(expression, value, what);
  if (typeof result === 'string') return result;
  throw new Denial('token_claim', `the issuer's expression for ${what} did not give a string`);
}

/** Texts: "", null and [] are none, and empty texts are left out. Throws Denial. */
export function evaluateStringList(
  expression: Expression,
  value: unknown,
  what: string,
): readonly string[] {
  const result = evaluate(expression, value, what);
  if (result === null) return [];
  const list: readonly unknown[] = Array.isArray(result) ? result : [result];
  return list.flatMap((one) => {
    if (typeof one === 'string') return one === '' ? [] : [one];
    throw new Denial(
      'token_claim',
      `the issuer's expression for ${what} did not give a string or a list of strings`,
    );
  });
}

/** Every rule must hold. All are evaluated before the first false one is told, as kube-apiserver does. Throws Denial. */
export function evaluateRules(rules: readonly Rule[], value: unknown): void {
  const broken = rules.filter(
    ({ expression }) => evaluate(expression, value, 'a validation rule') !== true,
  );
  const [first] = broken;
  if (!first) return;
  const sentence = first.message === '' ? first.expression.source : first.message;
  throw new Denial('token_rule', `the token breaks a rule of its issuer: ${sentence}`);
}

function evaluate(expression: Expression, value: unknown, what: string): unknown {
  try {
    return expression.evaluate(value);
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    throw new Denial('token_claim', `the issuer's expression for ${what} failed on this token`, {
      cause: error,
    });
  }
}
