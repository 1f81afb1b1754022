// Where a token says that a claim of it is kept (OpenID Connect Core 1.0 §5.6.2), read as `expand` reads it in
// kube-apiserver v1.36.3 (apiserver/plugin/pkg/authenticator/token/oidc/oidc.go).
import { Denial } from '../denial/denial.ts';
import { isRecord, ownClaim, quote, type Claims } from '../identity/claims.ts';

export interface ClaimSource {
  readonly url: URL;
  /** What stands behind `Bearer `, as bytes in latin1; absent when the source asks for none. A secret. */
  readonly accessToken?: string;
}

/**
 * The source of a claim that is not in the token itself; undefined when the token has the claim,
 * when it has no word of it, and for an aggregated claim (`JWT`), which nobody reads. Throws Denial.
 */
export function sourceOfClaim(claims: Claims, claim: string): ClaimSource | undefined {
  if (Object.hasOwn(claims, claim) || !Object.hasOwn(claims, '_claim_names')) return undefined;
  const sources = readSources(claims);
  const names = claims['_claim_names'];
  const name = isRecord(names) ? ownClaim(names, claim) : undefined;
  if (typeof name !== 'string') return undefined;
  if (!Object.hasOwn(sources, name)) {
    throw new Denial('token_claim', `the token does not say where its claim ${quote(claim)} is`);
  }
  const source = sources[name];
  const endpoint = isRecord(source) ? (ownClaim(source, 'endpoint') ?? '') : '';
  if (!isRecord(source) || endpoint === '') return undefined;
  return { url: httpsURL(endpoint, claim), ...readAccessToken(source, claim) };
}

/** All of them must be readable, whichever is wanted. */
function readSources(claims: Claims): Claims {
  const sources = ownClaim(claims, '_claim_sources');
  if (sources === undefined) {
    throw new Denial('token_claim', 'the token has "_claim_names" but no "_claim_sources"');
  }
  const all = isRecord(sources) ? sources : {};
  if (Object.values(all).every(hasReadableJwt)) return all;
  throw new Denial('token_claim', 'a "JWT" in the token\'s "_claim_sources" is no text');
}

/** Go finds it in any spelling; the other members are looked at in strict-form.ts. */
function hasReadableJwt(source: unknown): boolean {
  const members = isRecord(source) ? Object.entries(source) : [];
  return members.every(
    ([name, value]) => !/^jwt$/i.test(name) || value === null || typeof value === 'string',
  );
}

function httpsURL(endpoint: unknown, claim: string): URL {
  const url = typeof endpoint === 'string' ? URL.parse(endpoint) : null;
  if (url?.protocol === 'https:') return url;
  throw new Denial(
    'token_claim',
    `the token keeps its claim ${quote(claim)} where it is not fetched from: only https URLs are`,
  );
}

function readAccessToken(source: Claims, claim: string): Pick<ClaimSource, 'accessToken'> {
  const text = ownClaim(source, 'access_token') ?? '';
  if (text === '') return {};
  // As Go sends it: in UTF-8, whatever is no control character.
  const bytes = typeof text === 'string' ? Buffer.from(text).toString('latin1') : '\0';
  if (/^[\t\x20-\x7e\x80-\xff]+$/.test(bytes)) return { accessToken: bytes };
  throw new Denial(
    'token_claim',
    `the access token for the token's claim ${quote(claim)} can't be sent in a header`,
  );
}
