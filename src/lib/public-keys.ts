// Public keys from what people have: PEM certificates, PEM public keys, or a JWKS.
import { createPublicKey, X509Certificate, type JsonWebKey, type KeyObject } from 'node:crypto';

export interface PublicKey {
  readonly jwk: Readonly<Record<string, unknown>>;
  /** Of a certificate: before and after these (milliseconds since 1970) its key verifies nothing. */
  readonly validFrom?: number;
  readonly validTo?: number;
}

const pemBlock = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g;
const keyTypes: readonly unknown[] = ['rsa', 'ec', 'ed25519'];

/** Every key in the text; throws a sentence (which quotes nothing of it) when there is none or one can't be used. */
export function parsePublicKeys(text: string): readonly PublicKey[] {
  const keys = text.trimStart().startsWith('{') ? fromJwks(text) : fromPem(text);
  if (keys.length === 0) throw new Error('there is no public key in it');
  return keys;
}

function fromPem(text: string): readonly PublicKey[] {
  return [...text.matchAll(pemBlock)].map(([block, label = '']) => {
    if (label.includes('PRIVATE')) {
      throw new Error('it holds a private key: give the public key or the certificate only');
    }
    if (label !== 'CERTIFICATE') return { jwk: toJwk(() => createPublicKey(block)) };
    const certificate = readCertificate(block);
    return {
      jwk: toJwk(() => certificate.publicKey),
      validFrom: certificate.validFromDate.getTime(),
      validTo: certificate.validToDate.getTime(),
    };
  });
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Error('it holds a certificate that can not be read');
  }
}

function fromJwks(text: string): readonly PublicKey[] {
  const set: unknown = parseJson(text);
  if (typeof set !== 'object' || set === null || !('keys' in set) || !Array.isArray(set.keys)) {
    throw new Error('it is JSON but no key set: there is no list of keys');
  }
  return set.keys.map((jwk: unknown) => {
    if (typeof jwk !== 'object' || jwk === null) throw new Error('a key of the set is no object');
    if ('d' in jwk || 'k' in jwk) {
      throw new Error('the key set holds a private or secret key: give the public part only');
    }
    const kid = 'kid' in jwk && typeof jwk.kid === 'string' ? { kid: jwk.kid } : {};
    const input: JsonWebKey = { ...jwk };
    return { jwk: { ...toJwk(() => createPublicKey({ key: input, format: 'jwk' })), ...kid } };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('it begins like JSON and is not');
  }
}

function toJwk(read: () => KeyObject): Readonly<Record<string, unknown>> {
  const key = readKey(read);
  const type = key.asymmetricKeyType;
  if (!keyTypes.includes(type)) throw new Error(`a ${type} key is no RSA, EC or Ed25519 key`);
  if (type === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new Error('an RSA key of less than 2048 bits is too weak');
  }
  if (type === 'rsa' && !isSafeExponent(key.asymmetricKeyDetails?.publicExponent)) {
    throw new Error(
      'an RSA key whose exponent is even, 1, or of more than 31 bits verifies nothing',
    );
  }
  return { ...key.export({ format: 'jwk' }) };
}

/** Whether Go's crypto/rsa would verify by it: with 1 everybody could sign. */
export function isSafeExponent(exponent: bigint | undefined): boolean {
  return exponent !== undefined && exponent > 1n && exponent < 2n ** 31n && exponent % 2n === 1n;
}

function readKey(read: () => KeyObject): KeyObject {
  try {
    return read();
  } catch {
    throw new Error('it holds a public key that can not be read');
  }
}
