// From the text of a bearer token to who it proves: finds the issuer, and remembers what was verified.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Denial } from '../denial/denial.ts';
import { parseCompactToken, type CompactToken } from './compact-token.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import { verifyToken, type IssuerRules, type VerifiedToken } from './verifier.ts';

export interface Issuer {
  readonly url: string;
  readonly rules: IssuerRules;
  readonly keys: IssuerKeys;
}

export interface Authenticator {
  /** Rejects with Denial unless the token proves somebody now; a token that is remembered needs no waiting. */
  readonly authenticate: (token: string) => VerifiedToken | Promise<VerifiedToken>;
}

export interface AuthenticatorOptions {
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
  /** How many verified tokens are remembered; default 10 000. */
  readonly maxRemembered?: number;
}

interface Remembered {
  readonly verified: VerifiedToken;
  readonly issuer: Issuer;
}

/** An authenticator for the tokens of these issuers, told apart by their URLs. */
export function createAuthenticator(
  issuers: readonly Issuer[],
  { now = Date.now, maxRemembered = 10_000 }: AuthenticatorOptions = {},
): Authenticator {
  const byURL = new Map(issuers.map((issuer) => [issuer.url, issuer]));
  const remembered = new LRUCache<string, Remembered>({ max: maxRemembered });
  const pending = new Map<string, Promise<VerifiedToken>>();
  const nowSeconds = (): number => now() / 1000;

  async function verify(text: string, digest: string): Promise<VerifiedToken> {
    const token = parseCompactToken(text);
    const issuer = issuerOf(token, byURL);
    const verified = await verifyToken(token, issuer.rules, issuer.keys, nowSeconds());
    remembered.set(digest, { verified, issuer });
    return verified;
  }
  return {
    authenticate: (text) => {
      // Never by the text itself: a dump of memory should not be a list of credentials.
      const digest = hash('sha256', text, 'base64');
      const known = remembered.get(digest);
      if (known && isStillProof(known, nowSeconds())) return known.verified;
      const running = pending.get(digest);
      if (running) return running;
      const fresh = verify(text, digest).finally(() => pending.delete(digest));
      pending.set(digest, fresh);
      return fresh;
    },
  };
}

/** Not when it has expired, and not when its issuer publishes other keys now than at the time. */
function isStillProof({ verified, issuer }: Remembered, nowSeconds: number): boolean {
  return verified.expiry >= nowSeconds && issuer.keys.current() === verified.keys;
}

function issuerOf({ claims }: CompactToken, issuers: ReadonlyMap<string, Issuer>): Issuer {
  const { iss } = claims;
  // kube-apiserver's one exception (oidc.go, untrustedIssuer): Google's name of old.
  const url = iss === 'accounts.google.com' ? 'https://accounts.google.com' : iss;
  const issuer = typeof url === 'string' ? issuers.get(url) : undefined;
  if (issuer) return issuer;
  throw new Denial(
    'issuer_unknown',
    'the token is not from an issuer that is configured here; its "iss" must equal one exactly',
  );
}
