/** What a recipe of docs/recipes.md is tested with: a good token of its issuer, and one for each mistake. */

export type Claims = Readonly<Record<string, unknown>>;

/** Set over the good claims; undefined takes a claim away. */
export type Change = (issuerUrl: string) => Claims;

export interface RecipeCase {
  readonly heading: string;
  readonly entry: string;
  readonly good: Claims;
  /** Lines that go upstream beside the proxy's own token, or the account whose token does. */
  readonly upstream: Readonly<Record<string, readonly string[]>> | { readonly account: string };
  /** By the first cell of the document's row. */
  readonly mistakes: Readonly<Record<string, Change>>;
}

/** What every request upstream has. */
export const everybody = 'system:authenticated';
export const credential = 'impersonate-extra-authentication.kubernetes.io%2fcredential-id';
export const jti = '235b3a54-b797-45c7-ae9a-f72d7bc6ef5b';

const now = Math.floor(Date.now() / 1000);

/** The dates of a token that is made for so long, now. */
export function lasting(seconds: number): Claims {
  return { iat: now, nbf: now - 5, exp: now + seconds };
}
