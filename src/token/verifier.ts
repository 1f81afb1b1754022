// Verifies the tokens of one issuer. The rules are those of kube-apiserver v1.36.3
// (apiserver/plugin/pkg/authenticator/token/oidc/oidc.go) and its go-oidc v2.5.0 (verify.go).
import { compactVerify } from 'jose';
import { Denial } from '../denial/denial.ts';
import type { Claims } from '../identity/claims.ts';
import { mapClaims, type ClaimMappings } from '../identity/map-claims.ts';
import { withAuthenticatedGroup, type Identity } from '../identity/identity.ts';
import { refuseAnonymous, refuseReservedNames, refuseUncarriableNames } from '../identity/names.ts';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { accountOfToken, type AccountRule, type AccountTerms } from './account-of-token.ts';
import { parseClaims, type CompactToken } from './compact-token.ts';
import { expandClaim, type ClaimSources, type SignedClaims } from './distributed-claims.ts';
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
  readonly actAs: Proof['actAs'];
  /** Of the latter case; default: our own account. */
  readonly serviceAccount?: AccountRule | undefined;
}

/** Who a token proves, and whose word that is. */
export interface Proof {
  /** Label of the issuer. */
  readonly issuer: string;
  readonly identity: Identity;
  /** Whether requests go upstream as that user, or as a service account whoever it is. */
  readonly actAs: 'impersonate' | 'serviceAccount';
  /** Which service account; undefined: our own. */
  readonly account?: AccountTerms | undefined;
  /** Why there is none, though the token proves who it is. */
  readonly accountRefusal?: Denial | undefined;
}

/** What a verified token proves, as long as it lasts. */
export interface VerifiedToken extends Proof {
  /** Seconds since 1970: from then on it is verified again. */
  readonly expiry: number;
  /** The set that the signature was checked against. */
  readonly keys: KeySet;
}

/**
 * Verifies a token whose `iss` is this issuer's; `nowSeconds` is now. `claimSources` are asked for
 * groups that are kept elsewhere, once the signature is verified. Rejects with Denial.
 */
export async function verifyToken(
  token: CompactToken,
  issuer: IssuerRules,
  issuerKeys: IssuerKeys,
  nowSeconds: number,
  claimSources?: ClaimSources,
): Promise<VerifiedToken> {
  const verify = (one: CompactToken, keys: IssuerKeys): Promise<Signed> =>
    verifyClaims(one, issuer, keys, nowSeconds);
  const { keys, ...signed } = await verify(token, issuerKeys);
  const longestMs = issuer.maxTokenLifetimeMs;
  checkLifetime(signed.claims, { expiry: signed.expiry, now: nowSeconds, longestMs });
  const { claims, expiry } = await expandClaim(signed, {
    claim: issuer.groups && 'claim' in issuer.groups ? issuer.groups.claim : undefined,
    ownKeys: issuerKeys,
    sources: claimSources,
    verify,
    now: nowSeconds,
  });
  const identity = mapClaims(claims, issuer);
  if (!issuer.allowReservedNames) refuseReservedNames(identity);
  refuseAnonymous(identity);
  refuseUncarriableNames(identity);
  const complete = deepFreeze(withAuthenticatedGroup(identity));
  const { name, actAs, serviceAccount } = issuer;
  const account = serviceAccount && findAccount(claims, serviceAccount);
  return { issuer: name, identity: complete, actAs, ...account, expiry, keys };
}

/** Who is refused an account is proven all the same: the audit trail is to tell who it was. */
function findAccount(claims: Claims, rule: AccountRule): Pick<Proof, 'account' | 'accountRefusal'> {
  try {
    return { account: accountOfToken(claims, rule) };
  } catch (error) {
    if (!(error instanceof Denial)) throw error;
    return { accountRefusal: error };
  }
}

interface Signed extends SignedClaims {
  readonly keys: KeySet;
}

/** What a token says, be it the bearer's own or the answer of a source of claims. Rejects with Denial. */
export async function verifyClaims(
  token: CompactToken,
  { name, audiences, signingAlgorithms }: IssuerRules,
  issuerKeys: IssuerKeys,
  nowSeconds: number,
): Promise<Signed> {
  const algorithm = allowedAlgorithm(token, signingAlgorithms);
  const { payload, keys } = await verifySignature(token, algorithm, name, issuerKeys);
  const claims = parseClaims(payload);
  return { claims, expiry: checkRegisteredClaims(claims, audiences, nowSeconds), keys };
}

/** The algorithm that a token is signed with. Throws Denial when it is not among those allowed. */
export function allowedAlgorithm({ header }: CompactToken, allowed: readonly string[]): string {
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

/** The signed payload, and the keys that verify it. Rejects with Denial; `issuer` is its label. */
export async function verifySignature(
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
