// Distributed claims (OpenID Connect Core 1.0 §5.6.2): the claim is not in the token, but at an address that
// the token names. The steps and verdicts are those of kube-apiserver v1.36.3 (claimResolver in
// apiserver/plugin/pkg/authenticator/token/oidc/oidc.go); https alone, no redirects and all limits are ours.
import { Denial } from '../denial/denial.ts';
import type { DenyReason } from '../denial/reasons.ts';
import { quote, type Claims } from '../identity/claims.ts';
import { errorMessage } from '../lib/error-message.ts';
import { parseCompactToken, type CompactToken } from './compact-token.ts';
import { sourceOfClaim, type ClaimSource } from './distributed-claims-source.ts';
import type { IssuerKeys } from './issuer-keys.ts';

/** The world outside, as one jwt entry reaches it. */
export interface ClaimSources {
  /** GETs an answer, whatever its status; rejects with a sentence that holds no secret when there is no whole one. */
  fetchAnswer(source: ClaimSource): Promise<SourceAnswer>;
  /** The keys of any issuer; they are fetched in the background from the first call on. */
  keysOf(issuerURL: string): IssuerKeys;
}

export interface SourceAnswer {
  readonly status: number;
  /** In latin1: a JWT has nothing beyond ASCII. */
  readonly body: string;
}

/** Claims that a signature covers, and until when they count, in seconds since 1970. */
export interface SignedClaims {
  readonly claims: Claims;
  readonly expiry: number;
}

export interface Expansion {
  /** The one claim that is looked for elsewhere, if any is. */
  readonly claim: string | undefined;
  /** Of the token's own issuer, which may vouch for the answer, too. */
  readonly ownKeys: IssuerKeys;
  /** Without it a claim that is kept elsewhere is refused. */
  readonly sources: ClaimSources | undefined;
  /** Checks an answer as the token itself was checked. */
  readonly verify: (answer: CompactToken, keys: IssuerKeys) => Promise<SignedClaims>;
  /** Seconds since 1970. */
  readonly now: number;
}

/** How long a claim that was fetched may be used, in seconds: what it is now is known only where it is kept. */
const longestUse = 300;

/** Of an issuer that an answer names: it is kept, and logged. */
const longestURL = 2048;

/**
 * The verified claims of a token with the claim that is kept elsewhere put among them; they count
 * no longer than the answer does, and five minutes at most. Rejects with Denial.
 */
export async function expandClaim(token: SignedClaims, how: Expansion): Promise<SignedClaims> {
  const { claim, sources, now } = how;
  const source = claim === undefined ? undefined : sourceOfClaim(token.claims, claim);
  if (claim === undefined || !source) return token;
  if (!sources) throw refused(claim, 'it is not fetched from there');
  const text = await fetchFrom(source, sources, claim);
  const answer = await verifyAnswer(text, issuerOf(token.claims), sources, { ...how, claim });
  if (!Object.hasOwn(answer.claims, claim)) {
    throw refused(claim, 'what was fetched from there does not hold it');
  }
  return {
    claims: { ...token.claims, [claim]: answer.claims[claim] },
    expiry: Math.min(token.expiry, answer.expiry, now + longestUse),
  };
}

async function fetchFrom(
  source: ClaimSource,
  sources: ClaimSources,
  claim: string,
): Promise<string> {
  const { status, body } = await sources.fetchAnswer(source).catch((error: unknown) => {
    throw notFetched(claim, error);
  });
  // What Go's client takes for good: up to 226 (IM Used).
  if (status >= 200 && status <= 226) return withoutWhiteSpace(body);
  const hint = status >= 300 && status < 400 ? ' (redirects are not followed)' : '';
  const cause = new Error(`GET ${addressOf(source)}: the answer is ${status}${hint}`);
  // Not a fault of the place but of what the token brings: an access token that has expired, say.
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    throw refused(claim, `it was not given out there (${status}); get a new token`, cause);
  }
  throw notFetched(claim, cause);
}

/** As go-jose passes over it, but in the payload, where base64 passes over line breaks alone. */
function withoutWhiteSpace(body: string): string {
  const parts = body.split('.');
  return parts
    .map((part, index) => part.replaceAll(index === 1 ? /[\r\n]/g : /[\t\n\f\r ]/g, ''))
    .join('.');
}

async function verifyAnswer(
  text: string,
  ownIssuer: string,
  sources: ClaimSources,
  { claim, ownKeys, verify }: Expansion & { readonly claim: string },
): Promise<SignedClaims> {
  const answer = await judged(claim, () => parseCompactToken(text));
  const issuer = issuerOf(answer.claims);
  if (issuer === ownIssuer) return judged(claim, () => verify(answer, ownKeys));
  if (issuer.length > longestURL || URL.parse(issuer)?.protocol !== 'https:') {
    throw refused(claim, 'what was fetched from there names no issuer with an https URL');
  }
  return judged(claim, () => verify(answer, sources.keysOf(issuer)));
}

/** Empty when there is none, as in Go; kube-apiserver knows Google by its name of old, too (untrustedIssuer). */
function issuerOf({ iss }: Claims): string {
  if (iss === 'accounts.google.com') return 'https://accounts.google.com';
  return typeof iss === 'string' ? iss : '';
}

const faults: Partial<Readonly<Record<DenyReason, string>>> = {
  token_malformed: 'is no well-formed signed JWT',
  token_algorithm: 'is signed with an algorithm that is not accepted',
  token_key_unknown: 'is signed with a key that its issuer does not publish',
  token_signature: "has a signature that does not match its issuer's keys",
  token_audience: 'was issued for another audience',
  token_expired: 'is expired',
  token_not_yet_valid: 'is not valid yet',
  token_claim: 'has a registered claim of the wrong type',
};

/** What a denial says of the answer is said of the token that names its source. */
async function judged<T>(claim: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Denial ? ofAnswer(error, claim) : error;
  }
}

function ofAnswer({ reason, cause }: Denial, claim: string): Denial {
  if (reason === 'issuer_unavailable') {
    return new Denial(
      reason,
      `the keys of the issuer that vouches for the token's claim ${quote(claim)} are not at hand, so the groups can't be checked; try again in a moment`,
      { cause },
    );
  }
  return refused(claim, `what was fetched from there ${faults[reason] ?? 'is not accepted'}`);
}

function refused(claim: string, why: string, cause?: unknown): Denial {
  return new Denial(
    'token_claim',
    `the token keeps its claim ${quote(claim)} elsewhere ("_claim_names"), and ${why}`,
    { cause },
  );
}

function notFetched(claim: string, cause: unknown): Denial {
  return new Denial(
    'issuer_unavailable',
    `the token keeps its claim ${quote(claim)} elsewhere ("_claim_names"), where it can't be fetched from at the moment; try again later`,
    { cause: new Error(errorMessage(cause)) },
  );
}

/** Without what may be a secret in it. */
export function addressOf({ url }: ClaimSource): string {
  return url.origin + url.pathname;
}
