// Private keys as pipelines have them: a PEM file, a JWK, or either in a variable of the environment.
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { calculateJwkThumbprint } from 'jose';
import { algorithmsOf } from './algorithms.ts';
import { readNamedFile } from './files.ts';
import type { Terminal } from './terminal.ts';

export interface PrivateKey {
  readonly key: KeyObject;
  /** What a JWK says of itself. */
  readonly algorithm?: string | undefined;
  readonly kid?: string | undefined;
}

/** Reads the key of a file; others than its owner who may read it, too, are a warning. Throws a sentence that quotes nothing of it. */
export function readKeyFile(file: string, terminal: Terminal): PrivateKey {
  const text = readNamedFile(file, '--key');
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    const octal = mode.toString(8).padStart(4, '0');
    terminal.note(
      `warning: ${file} is a private key that others may use, too (mode ${octal}): chmod 600 ${file}`,
    );
  }
  return parsePrivateKey(text, `the private key ${file}`);
}

/** Reads the key of a variable. Throws a sentence that quotes nothing of it. */
export function readKeyVariable(name: string, terminal: Terminal): PrivateKey {
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new Error('--key-env wants the name of a variable, and what is there is no name of one');
  }
  const text = terminal.env[name];
  if (!text) throw new Error(`--key-env: the variable ${name} is not set`);
  // Variables of CI systems often hold the two letters \n where lines end.
  return parsePrivateKey(text.replaceAll('\\n', '\n'), `the private key in ${name}`);
}

/** Reads PEM (PKCS #8, PKCS #1, SEC 1) or a JWK; `what` begins the sentence of a failure. */
export function parsePrivateKey(text: string, what: string): PrivateKey {
  if (text.includes('ENCRYPTED')) {
    throw new Error(`${what} is encrypted: decrypt it with openssl pkey, or sign with --signer`);
  }
  const found = text.trimStart().startsWith('{') ? fromJwk(text, what) : fromPem(text, what);
  const { key } = found;
  if (algorithmsOf(key).length === 0) {
    throw new Error(
      `${what} signs no tokens: make an RSA, P-256, P-384, P-521 or Ed25519 key with keygen`,
    );
  }
  if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
    throw new Error(
      `${what} is an RSA key of less than 2048 bits, which is refused: make one with keygen`,
    );
  }
  return found;
}

function fromPem(text: string, what: string): PrivateKey {
  if (/-----BEGIN (?:PUBLIC KEY|CERTIFICATE)-----/.test(text) && !text.includes('PRIVATE KEY')) {
    throw new Error(`${what} is only the public part: give the private key`);
  }
  return { key: read(() => createPrivateKey(text), what) };
}

function fromJwk(text: string, what: string): PrivateKey {
  const jwk = read((): Record<string, unknown> => JSON.parse(text), what);
  const { alg, kid } = jwk;
  if (!('d' in jwk)) throw new Error(`${what} has no private part ("d")`);
  const key: JsonWebKey = { ...jwk };
  return {
    key: read(() => createPrivateKey({ key, format: 'jwk' }), what),
    algorithm: typeof alg === 'string' ? alg : undefined,
    kid: typeof kid === 'string' ? kid : undefined,
  };
}

/** OpenSSL's and JSON's own words may quote the key. */
function read<T>(work: () => T, what: string): T {
  try {
    return work();
  } catch {
    throw new Error(`${what} can't be read: it must be PEM (BEGIN PRIVATE KEY) or a JWK`);
  }
}

/** The public part as a JWK. */
export function publicJwkOf(key: KeyObject): JsonWebKey {
  return createPublicKey(key).export({ format: 'jwk' });
}

/** The name that a key has by its own (RFC 7638, SHA-256). */
export async function thumbprintOf(key: KeyObject): Promise<string> {
  return calculateJwkThumbprint(createPublicKey(key).export({ format: 'jwk' }));
}
