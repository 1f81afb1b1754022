// Signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1): which key signs by which, and how.
import { constants, sign, type KeyObject } from 'node:crypto';

const rsaAlgorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;

const curveAlgorithms: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** Those that the server accepts of an issuer with configured keys. */
export const algorithms: readonly [string, ...string[]] = [
  ...rsaAlgorithms,
  ...Object.values(curveAlgorithms),
  'EdDSA',
];

/** How long a signature is, in bytes; an RSA signature is as long as its key. */
export const signatureBytes: Readonly<Record<string, number>> = {
  ES256: 64,
  ES384: 96,
  ES512: 132,
  EdDSA: 64,
};

/** The algorithms that a private or public key can sign by, the usual one first; none for a key that signs no token. */
export function algorithmsOf(key: KeyObject): readonly string[] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') return rsaAlgorithms;
  if (type === 'ed25519') return ['EdDSA'];
  const algorithm = type === 'ec' ? curveAlgorithms[details?.namedCurve ?? ''] : undefined;
  return algorithm === undefined ? [] : [algorithm];
}

/** The raw JWS signature of the text. */
export function signText(text: string, algorithm: string, key: KeyObject): Buffer {
  const bytes = Buffer.from(text);
  if (algorithm === 'EdDSA') return sign(null, bytes, key);
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('ES')) return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('RS')) return sign(hash, bytes, key);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign(hash, bytes, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}
