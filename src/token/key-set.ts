// The public keys of one issuer, as its JWKS lists them.
import { importJWK, type CryptoKey } from 'jose';
import { isRecord, type Claims } from '../identity/claims.ts';

export interface VerificationKey {
  readonly kid: string | undefined;
  /** The key for one algorithm; undefined when it isn't one for that algorithm. */
  importFor(algorithm: string): Promise<CryptoKey | Uint8Array | undefined>;
}

/** A set that was published at one time; another one is another object. */
export interface KeySet {
  /** Equal for two sets of the same keys. */
  readonly fingerprint: string;
  /** The keys that a token with that `kid` may be signed by: all of them when it has none. */
  candidates(kid: string | undefined): readonly VerificationKey[];
}

const publicMembers = ['kty', 'n', 'e', 'crv', 'x', 'y'] as const;

/** Reads a JWKS (RFC 7517 §5). Symmetric and unknown keys are passed over; throws when none is left. */
export function parseKeySet(document: unknown): KeySet {
  if (!isRecord(document) || !Array.isArray(document['keys'])) {
    throw new Error('the key set has no list of keys');
  }
  const usable = document['keys'].filter(isRecord).filter(isAsymmetric);
  if (usable.length === 0) throw new Error('the key set has no RSA or EC key');
  return toKeySet(usable);
}

/** A set of public JWKs; `anyKid`: each is tried, whatever a token's `kid` says. */
export function toKeySet(
  jwks: readonly Claims[],
  { anyKid = false }: { readonly anyKid?: boolean } = {},
): KeySet {
  const keys = jwks.map(toVerificationKey);
  return {
    fingerprint: JSON.stringify(jwks.map((jwk) => [jwk['kid'], publicPart(jwk)])),
    candidates: (kid) =>
      kid === undefined || anyKid ? keys : keys.filter((key) => key.kid === kid),
  };
}

function isAsymmetric(jwk: Claims): boolean {
  return jwk['kty'] === 'RSA' || jwk['kty'] === 'EC';
}

/** `use` and `alg` are not looked at, as go-oidc v2.5.0 doesn't (jwks.go). */
function toVerificationKey(jwk: Claims): VerificationKey {
  const kid = typeof jwk['kid'] === 'string' && jwk['kid'] !== '' ? jwk['kid'] : undefined;
  const imported = new Map<string, ReturnType<VerificationKey['importFor']>>();
  return {
    kid,
    importFor: (algorithm) => {
      const known = imported.get(algorithm);
      if (known) return known;
      // A key of another type or curve, or one that is broken, verifies nothing.
      const fresh = importJWK(publicPart(jwk), algorithm).catch(() => undefined);
      imported.set(algorithm, fresh);
      return fresh;
    },
  };
}

function publicPart(jwk: Claims): Record<string, unknown> {
  return Object.fromEntries(publicMembers.map((name) => [name, jwk[name]]));
}
