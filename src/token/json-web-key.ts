// A JSON Web Key (RFC 7517) as go-jose v2.6.3 decodes it (jwk.go): of a key that it can't decode,
// kube-apiserver takes no part of the set, and no token that brings it.
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { isRecord, type Claims } from '../identity/claims.ts';
import { isSafeExponent } from '../lib/public-keys.ts';
import { decodeBase64url } from './base64url.ts';
import { checkThumbprints, parseCertificateChain } from './certificate-chain.ts';

export interface DecodedKey {
  readonly kid: string | undefined;
  /** It is neither private nor secret. */
  readonly isPublic: boolean;
  /** The public part; undefined when the key is secret, or a number in it can be none. */
  readonly publicKey: KeyObject | undefined;
}

const texts = ['use', 'kty', 'kid', 'crv', 'alg', 'x5t', 'x5t#S256'] as const;
const octets = ['k', 'x', 'y', 'n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;
type Octets = Readonly<Partial<Record<(typeof octets)[number], Buffer>>>;

/** Bytes of a coordinate. */
const curveSizes: Readonly<Record<string, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 };

/** Throws a sentence that says what is wrong with the key, and quotes nothing of it. */
export function decodeJsonWebKey(value: unknown): DecodedKey {
  if (!isRecord(value)) throw new Error('it is no object');
  const wrong = texts.find((name) => typeof (value[name] ?? '') !== 'string');
  if (wrong !== undefined) throw new Error(`its "${wrong}" is no text`);
  // Go reads it into a struct, and refuses the text that it should be (RFC 7517 §4.6).
  if ((value['x5u'] ?? null) !== null) throw new Error('it has an "x5u"');
  const numbers = octetsOf(value);
  const chain = parseCertificateChain(value['x5c']);
  const kind = checkKind(value, numbers);
  const publicKey = kind === 'oct' ? undefined : publicKeyOf(value, numbers);
  if (kind === 'EC' && !publicKey) throw new Error('it is no point of its curve');
  const [leaf] = chain;
  if (leaf && !(publicKey && leaf.publicKey.equals(publicKey))) {
    throw new Error('its "x5c" is for another key');
  }
  checkThumbprints(value, leaf);
  const { kid } = value;
  return {
    kid: typeof kid === 'string' && kid !== '' ? kid : undefined,
    isPublic: kind !== 'oct' && numbers.d === undefined,
    publicKey,
  };
}

/** Whether signatures can be verified by it: by a public RSA key with a sound exponent, or a public EC key. */
export function isVerificationKey(key: DecodedKey): key is DecodedKey & { publicKey: KeyObject } {
  if (!key.isPublic || !key.publicKey) return false;
  const { asymmetricKeyType, asymmetricKeyDetails } = key.publicKey;
  if (asymmetricKeyType === 'ec') return true;
  return asymmetricKeyType === 'rsa' && isSafeExponent(asymmetricKeyDetails?.publicExponent);
}

function octetsOf(jwk: Claims): Octets {
  return Object.fromEntries(
    octets.flatMap((name) => {
      if ((jwk[name] ?? null) === null) return [];
      const bytes = decodeBase64url(jwk[name]);
      if (!bytes) throw new Error(`its "${name}" is not in base64url`);
      return [[name, bytes]];
    }),
  );
}

type Kind = 'RSA' | 'EC' | 'OKP' | 'oct';

/** What kind it is, when it has all that a key of the kind must have. */
function checkKind({ kty, crv }: Claims, numbers: Octets): Kind {
  switch (kty) {
    case 'EC':
      checkEc(crv, numbers);
      return kty;
    case 'RSA':
      if (!numbers.n || !numbers.e) throw new Error('its "n" or "e" is missing');
      if (numbers.d && !isRsaPair(numbers)) throw new Error('it is a broken private key');
      return kty;
    case 'OKP':
      if (crv !== 'Ed25519' || !numbers.x) throw new Error('its "crv" is unknown');
      return kty;
    case 'oct':
      if (!numbers.k) throw new Error('its "k" is missing');
      return kty;
    default:
      throw new Error('its "kty" is unknown');
  }
}

function checkEc(crv: unknown, { x, y, d }: Octets): void {
  const known = typeof crv === 'string' && Object.hasOwn(curveSizes, crv);
  const size = known ? curveSizes[crv] : undefined;
  if (size === undefined) throw new Error('its "crv" is unknown');
  if (x?.length === size && y?.length === size && (d?.length ?? size) === size) return;
  throw new Error('its "x", "y" or "d" is missing or of the wrong length');
}

/** The relation of the numbers of an RSA key pair (RFC 8017 §3.2). */
function isRsaPair({ n, e, d, p, q }: Octets): boolean {
  const [modulus, exponent, secret, one, other] = [n, e, d, p, q].map(toNumber);
  if (!modulus || !exponent || !secret || !one || !other || one === 1n || other === 1n)
    return false;
  return (
    modulus === one * other &&
    [one, other].every((prime) => (secret * exponent) % (prime - 1n) === 1n)
  );
}

function toNumber(bytes: Buffer | undefined): bigint {
  return bytes && bytes.length > 0 ? BigInt(`0x${bytes.toString('hex')}`) : 0n;
}

/** From the bytes as they were read here: Node reads other letters as base64url, too. */
function publicKeyOf({ kty, crv }: Claims, { n, e, x, y }: Octets): KeyObject | undefined {
  const key: JsonWebKey = Object.fromEntries([
    ...Object.entries({ kty, ...(kty === 'RSA' ? {} : { crv }) }),
    ...Object.entries(kty === 'RSA' ? { n, e } : kty === 'EC' ? { x, y } : { x }).map(
      ([name, bytes]) => [name, bytes?.toString('base64url')] as const,
    ),
  ]);
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined; // numbers that are no key
  }
}
