// Which service account the requests of a token act as, for issuers whose requests do.
import { Denial } from '../denial/denial.ts';
import type { Claims } from '../identity/claims.ts';
import { evaluateString, type Rule } from '../identity/expressions.ts';

/** A service account, and what its tokens are to be like. */
export interface AccountTerms {
  readonly account: AccountName;
  /** Empty: the API server's own. */
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
}

export interface AccountName {
  readonly namespace: string;
  readonly name: string;
}

/** One account for all, or one that an expression over the claims gives as `NAMESPACE/NAME`. */
export type AccountRule =
  | AccountTerms
  | (Omit<AccountTerms, 'account'> & {
      readonly expression: Rule['expression'];
      readonly allowed: readonly AccountName[];
    });

/** The account of a verified claim set. Throws Denial when it is none of those that are allowed. */
export function accountOfToken(claims: Claims, rule: AccountRule): AccountTerms {
  if ('account' in rule) return rule;
  const { expression, allowed, audiences, expirationSeconds } = rule;
  const wanted = evaluateString(expression, claims, 'the service account');
  const account = allowed.find(({ namespace, name }) => `${namespace}/${name}` === wanted);
  if (account) return { account, audiences, expirationSeconds };
  throw new Denial(
    'account_not_allowed',
    'the token gives a service account that its issuer may not act as',
  );
}
