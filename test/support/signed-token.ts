/** Keys and JWTs made by hand, not by the library under test: any header, any bytes, honest or forged. */
import {
  constants,
  createHmac,
  generateKeyPairSync,
  sign,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import type { IssuerKeys } from '../../src/token/issuer-keys.ts';
import { parseKeySet, type KeySet } from '../../src/token/key-set.ts';

export interface TestKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As a JWKS lists it. */
  readonly jwk: JsonWebKey;
}

export function createEcKey(kid: string, namedCurve = 'P-256'): TestKey {
  return toTestKey(kid, generateKeyPairSync('ec', { namedCurve }));
}

export function createRsaKey(kid: string): TestKey {
  return toTestKey(kid, generateKeyPairSync('rsa', { modulusLength: 2048 }));
}

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function toTestKey(kid: string, { privateKey, publicKey }: Pair): TestKey {
  return { kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } };
}

/** A token signed as `alg` says, with whatever the header says. Text is taken for the JSON itself. */
export function signToken(
  key: TestKey,
  claims: object | string,
  header: Readonly<Record<string, unknown>> = {},
  alg = defaultAlgorithm(key),
): string {
  const input = `${encodePart({ alg, kid: key.kid, ...header })}.${encodePart(claims)}`;
  return `${input}.${signatureOf(input, alg, key.privateKey).toString('base64url')}`;
}

/** An HS256 token whose secret is any text: a public key, say. */
export function macToken(secret: string, claims: object, header: object = {}): string {
  const input = `${encodePart({ alg: 'HS256', ...header })}.${encodePart(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export function encodePart(value: object | string): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(text).toString('base64url');
}

/** The signature of any text (RFC 7518 §3.1). */
export function signatureOf(input: string, alg: string, key: KeyObject): Buffer {
  const hash = `sha${alg.slice(2)}`;
  const bytes = Buffer.from(input);
  if (alg.startsWith('ES')) return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' });
  if (alg.startsWith('RS')) return sign(hash, bytes, key);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return sign(hash, bytes, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}

export function keySetOf(...keys: readonly TestKey[]): KeySet {
  return parseKeySet({ keys: keys.map(({ jwk }) => jwk) });
}

export interface FixedKeys extends IssuerKeys {
  /** How often somebody asked for new keys. */
  refetched(): number;
  /** What is published from now on; `afterRefetch` once somebody asks again. */
  publish(now: KeySet | undefined, afterRefetch?: KeySet): void;
}

/** Keys without an issuer behind them. */
export function fixedKeys(...keys: readonly TestKey[]): FixedKeys {
  let current = keys.length > 0 ? keySetOf(...keys) : undefined;
  let next = current;
  let refetches = 0;
  return {
    current: () => current,
    refetch: async () => {
      refetches += 1;
      current = next;
      return current;
    },
    firstAttempt: Promise.resolve(),
    fault: () => (current ? undefined : 'the issuer is down'),
    fetchedAt: () => (current ? 0 : undefined),
    stop: () => undefined,
    refetched: () => refetches,
    publish: (now, afterRefetch = now) => {
      current = now;
      next = afterRefetch;
    },
  };
}

function defaultAlgorithm({ privateKey }: TestKey): string {
  return privateKey.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
}
