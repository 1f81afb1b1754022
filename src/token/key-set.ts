// The public keys of one issuer, as its JWKS lists them.
import { importJWK, type CryptoKey } from 'jose';
import { isRecord, type Claims } from '../identity/claims.ts';
import { errorMessage } from '../lib/error-message.ts';
import { decodeJsonWebKey, isVerificationKey, type DecodedKey } from './json-web-key.ts';

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

/**
 * Reads a JWKS (RFC 7517 §5). Secret, private and Ed25519 keys verify nothing; a key that go-jose
 * can't decode spoils the whole set, as it does for kube-apiserver. Throws a sentence.
 */
export function parseKeySet(document: unknown): KeySet {
  if (!isRecord(document) || !Array.isArray(document['keys'])) {
    throw new Error('the key set has no list of keys');
  }
  // Go would read them, too.
  if (Object.keys(document).some((name) => name !== 'keys' && /^keys$/iu.test(name))) {
    throw new Error('the key set has two lists of keys');
  }
  const decoded = document['keys'].map(decodeKey).filter(isVerificationKey);
  return toKeySet(
    decoded.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: 'jwk' }), kid })),
  );
}

function decodeKey(jwk: unknown, index: number): DecodedKey {
  try {
    return decodeJsonWebKey(jwk);
  } catch (error) {
    throw new Error(
      `key ${index + 1} of the key set can't be read (${errorMessage(error)}), and kube-apiserver takes no key of such a set`,
      { cause: error },
    );
  }
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
