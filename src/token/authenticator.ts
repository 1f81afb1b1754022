// From the text of a bearer token to who it proves: finds the issuer, and remembers what was verified.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Denial } from '../denial/denial.ts';
import type { TokenReviewer } from '../kube/token-review.ts';
import { parseCompactToken, type CompactToken } from './compact-token.ts';
import type { Issuer } from './issuer.ts';
import { reviewToken } from './reviewed-token.ts';
import { verifyByOneOf } from './verify-by-one-of.ts';
import type { Proof, VerifiedToken } from './verifier.ts';

export interface Authenticator {
  /**
   * Rejects with Denial unless the token proves somebody now; a token that is remembered needs no
   * waiting. `deadline` is in milliseconds since 1970.
   */
  readonly authenticate: (token: string, deadline: number) => Proof | Promise<Proof>;
  /** How many verified tokens are remembered now. */
  readonly remembered: () => number;
}

export interface AuthenticatorOptions {
  /** Asked for the issuers that want it, and for tokens of none. */
  readonly reviewer?: TokenReviewer | undefined;
  /** Put tokens of no issuer to the API server, for these audiences. */
  readonly reviewOthers?: { readonly audiences: readonly string[] } | undefined;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
  /** How many verified tokens are remembered; default 10 000. */
  readonly maxRemembered?: number;
  /** Told of each token that an issuer may claim: whether it was remembered or had to be verified. */
  readonly onLookup?: ((result: 'hit' | 'miss') => void) | undefined;
}

interface Remembered {
  readonly verified: VerifiedToken;
  readonly issuer: Issuer;
}

/** The label that audit and metrics have for tokens that the API server vouches for. */
export const reviewedIssuer = 'tokenReview';

/** An authenticator for the tokens of these issuers, told apart by their URLs, and by their keys where they share one. */
export function createAuthenticator(
  issuers: readonly Issuer[],
  options: AuthenticatorOptions = {},
): Authenticator {
  const { reviewer, reviewOthers, now = Date.now, maxRemembered = 10_000, onLookup } = options;
  const byURL = Map.groupBy(issuers, ({ url }) => url);
  const remembered = new LRUCache<string, Remembered>({ max: maxRemembered });
  const pending = new Map<string, Promise<Remembered>>();

  async function verify(token: CompactToken, digest: string): Promise<Remembered> {
    const fresh = await verifyByOneOf(issuersOf(token, byURL), token, now() / 1000);
    remembered.set(digest, fresh);
    return fresh;
  }
  function verifyOnce(text: string, digest: string): Promise<Remembered> {
    const running = pending.get(digest);
    if (running) return running;
    const fresh = verify(parseCompactToken(text), digest).finally(() => pending.delete(digest));
    pending.set(digest, fresh);
    return fresh;
  }
  function isUnclaimed(text: string): boolean {
    try {
      return issuersOf(parseCompactToken(text), byURL).length === 0;
    } catch (error) {
      if (error instanceof Denial) return true;
      throw error;
    }
  }
  async function review(
    text: string,
    { verified, issuer }: Remembered,
    deadline: number,
  ): Promise<Proof> {
    if (!reviewer) throw new Error('there is no reviewer');
    await reviewer.review(text, issuer.rules.audiences, deadline);
    return verified;
  }
  async function verifyAndReview(text: string, digest: string, deadline: number): Promise<Proof> {
    if (reviewer && reviewOthers && isUnclaimed(text)) {
      const identity = await reviewToken(text, reviewer, reviewOthers, deadline);
      return { issuer: reviewedIssuer, identity, actAs: 'impersonate' };
    }
    onLookup?.('miss');
    const fresh = await verifyOnce(text, digest);
    return fresh.issuer.rules.tokenReview ? review(text, fresh, deadline) : fresh.verified;
  }
  return {
    authenticate: (text, deadline) => {
      // Never by the text itself: a dump of memory should not be a list of credentials.
      const digest = hash('sha256', text, 'base64');
      const known = remembered.get(digest);
      if (!known || !isStillProof(known, now() / 1000)) {
        return verifyAndReview(text, digest, deadline);
      }
      onLookup?.('hit');
      return known.issuer.rules.tokenReview ? review(text, known, deadline) : known.verified;
    },
    remembered: () => remembered.size,
  };
}

/** Not when it has expired, and not when its issuer publishes other keys now than at the time. */
function isStillProof({ verified, issuer }: Remembered, nowSeconds: number): boolean {
  return verified.expiry >= nowSeconds && issuer.keys.current() === verified.keys;
}

function issuersOf(
  token: CompactToken,
  issuers: ReadonlyMap<string, readonly Issuer[]>,
): readonly Issuer[] {
  const url = issuerURLOf(token);
  return (url === undefined ? undefined : issuers.get(url)) ?? [];
}

/** What a configured `issuer.url` must equal for the token to be its entry's; undefined when it is no text. */
export function issuerURLOf({ claims }: CompactToken): string | undefined {
  const { iss } = claims;
  // kube-apiserver's one exception (oidc.go, untrustedIssuer): Google's name of old.
  const url = iss === 'accounts.google.com' ? 'https://accounts.google.com' : iss;
  return typeof url === 'string' ? url : undefined;
}
