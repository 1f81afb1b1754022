// Verifies the tokens of one issuer. The rules are those of kube-apiserver v1.36.3
// (apiserver/plugin/pkg/authenticator/token/oidc/oidc.go) and its go-oidc v2.5.0 (verify.go).
import { compactVerify } from 'jose';
import { Denial } from '../denial/denial.ts';
import { mapClaims, type ClaimMappings } from '../identity/map-claims.ts';
import { withAuthenticatedGroup, type Identity } from '../identity/identity.ts';
import { refuseAnonymous, refuseReservedNames, refuseUncarriableNames } from '../identity/names.ts';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { parseClaims, type CompactToken } from './compact-token.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { KeySet, VerificationKey } from './key-set.ts';
import { checkLifetime, checkRegisteredClaims } from './registered-claims.ts';

export interface IssuerRules extends ClaimMappings {
  /** Label for audit and metrics. */
  readonly name: string;
  readonly audiences: readonly string[];
  readonly signingAlgorithms: readonly string[];
  readonly allowReservedNames: boolean;
  /** The longest that exp − iat may be. */
  readonly maxTokenLifetimeMs?: number | undefined;
  /** A token is good only while the API server says so, too. */
  readonly tokenReview?: boolean | undefined;
}

/** Who a token proves, and whose word that is. */
export interface Proof {
  /** Label of the issuer. */
  readonly issuer: string;
  readonly identity: Identity;
}

/** What a verified token proves, as long as it lasts. */
export interface VerifiedToken extends Proof {
  /** Seconds since 1970. */
  readonly expiry: number;
  /** The set that the signature was checked against. */
  readonly keys: KeySet;
}

/** Verifies a token whose `iss` is this issuer's; `nowSeconds` is now. Rejects with Denial. */
export async function verifyToken(
  token: CompactToken,
  issuer: IssuerRules,
  issuerKeys: IssuerKeys,
  nowSeconds: number,
): Promise<VerifiedToken> {
  const algorithm = allowedAlgorithm(token, issuer.signingAlgorithms);
  const { payload, keys } = await verifySignature(token, algorithm, issuer.name, issuerKeys);
  const claims = parseClaims(payload);
  const expiry = checkRegisteredClaims(claims, issuer.audiences, nowSeconds);
  checkLifetime(claims, { expiry, now: nowSeconds, longestMs: issuer.maxTokenLifetimeMs });
  const identity = mapClaims(claims, issuer);
  if (!issuer.allowReservedNames) refuseReservedNames(identity);
  refuseAnonymous(identity);
  refuseUncarriableNames(identity);
  const complete = deepFreeze(withAuthenticatedGroup(identity));
  return { issuer: issuer.name, identity: complete, expiry, keys };
}

function allowedAlgorithm({ header }: CompactToken, allowed: readonly string[]): string {
  const { alg, crit } = header;
  if (crit !== undefined) {
    throw new Denial('token_malformed', 'the token demands extensions ("crit") that are not known');
  }
  if (typeof alg === 'string' && allowed.includes(alg)) return alg;
  throw new Denial(
    'token_algorithm',
    `the token is signed with an algorithm that is not accepted; accepted are ${allowed.join(', ')}`,
  );
}

interface Verified {
  readonly payload: Uint8Array;
  readonly keys: KeySet;
}

async function verifySignature(
  token: CompactToken,
  algorithm: string,
  issuer: string,
  issuerKeys: IssuerKeys,
): Promise<Verified> {
  const known = issuerKeys.current();
  const payload = known && (await tryKeys(token, algorithm, known));
  if (known && payload) return { payload, keys: known };
  if (!known && issuerKeys.fetchedAt() === undefined) {
    void issuerKeys.refetch(); // perhaps it is there by now, for the next try
    throw unavailable(issuer, issuerKeys);
  }
  // The issuer may have a new key since.
  const keys = await issuerKeys.refetch();
  if (!keys) throw unavailable(issuer, issuerKeys);
  const afresh = keys === known ? undefined : await tryKeys(token, algorithm, keys);
  if (afresh) return { payload: afresh, keys };
  if (keys.candidates(kidOf(token)).length === 0) {
    throw new Denial(
      'token_key_unknown',
      'the token is signed with a key that its issuer does not publish',
    );
  }
  throw new Denial('token_signature', "the token's signature does not match its issuer's keys");
}

async function tryKeys(
  token: CompactToken,
  algorithm: string,
  keys: KeySet,
): Promise<Uint8Array | undefined> {
  for (const key of keys.candidates(kidOf(token))) {
    const payload = await tryKey(token, algorithm, key);
    if (payload) return payload;
  }
  return undefined;
}

async function tryKey(
  { text }: CompactToken,
  algorithm: string,
  key: VerificationKey,
): Promise<Uint8Array | undefined> {
  const imported = await key.importFor(algorithm);
  if (!imported) return undefined;
  try {
    return (await compactVerify(text, imported, { algorithms: [algorithm] })).payload;
  } catch {
    return undefined; // not this key's signature; its message would say no more
  }
}

function kidOf({ header }: CompactToken): string | undefined {
  const { kid } = header;
  return typeof kid === 'string' && kid !== '' ? kid : undefined;
}

function unavailable(issuer: string, issuerKeys: IssuerKeys): Denial {
  return new Denial(
    'issuer_unavailable',
    `the keys of the token's issuer ${JSON.stringify(issuer)} can't be had at the moment, so the token can't be checked; try again later`,
    { cause: new Error(issuerKeys.fault() ?? 'the keys are too old') },
  );
}
