// Tokens that no configured issuer claims: the API server says whose they are.
import { withAuthenticatedGroup, type Identity } from '../identity/identity.ts';
import { refuseAnonymous, refuseUncarriableNames } from '../identity/names.ts';
import type { ReviewedUser, TokenReviewer } from '../kube/token-review.ts';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';

export interface ReviewRules {
  /** Empty: the API server's own. */
  readonly audiences: readonly string[];
}

/**
 * Who a token is, in the API server's own words: `system:` names are its to give. `deadline` is in
 * milliseconds since 1970. Rejects with Denial.
 */
export async function reviewToken(
  token: string,
  { review }: TokenReviewer,
  { audiences }: ReviewRules,
  deadline: number,
): Promise<Identity> {
  return toIdentity(await review(token, audiences, deadline));
}

/** A remembered answer is the same object at every check, and so is its identity. */
const toIdentity = rememberByObject(({ username, uid, groups, extra }: ReviewedUser): Identity => {
  const identity = { username, uid, groups, extra };
  refuseAnonymous(identity);
  refuseUncarriableNames(identity);
  return deepFreeze(withAuthenticatedGroup(identity));
});
