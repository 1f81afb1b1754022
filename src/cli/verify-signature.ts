// Whether one of the keys at hand has signed a token, judged as the server judges issuer.keys.
import { compactVerify, importJWK } from 'jose';
import { parsePublicKeys, type PublicKey } from '../lib/public-keys.ts';
import { errorMessage } from '../lib/error-message.ts';
import { algorithms } from './algorithms.ts';
import type { DecodedToken } from './decoded-token.ts';
import { readNamedFile } from './files.ts';

export interface SignatureReport {
  readonly isValid: boolean;
  readonly words: string;
}

/** Tries every key of a file (PEM or JWKS), whatever `kid` says; `nowMs` is now. Throws a sentence about the file. */
export async function verifySignature(
  token: DecodedToken,
  file: string,
  nowMs: number,
): Promise<SignatureReport> {
  const keys = readKeys(file);
  const { alg } = token.header;
  if (typeof alg !== 'string' || !algorithms.includes(alg)) {
    return { isValid: false, words: 'not valid: its alg is none that is accepted' };
  }
  for (const [index, key] of keys.entries()) {
    if (!(await isSignedBy(token.text, alg, key))) continue;
    const which = keys.length === 1 ? 'the key' : `key ${index + 1}`;
    const outdated = (key.validTo ?? nowMs) < nowMs || (key.validFrom ?? nowMs) > nowMs;
    return outdated
      ? {
          isValid: false,
          words: `not valid: it is by ${which} of ${file}, whose certificate is not valid now`,
        }
      : { isValid: true, words: `valid: by ${which} of ${file}` };
  }
  const tried = keys.length === 1 ? 'the key' : `any of the ${keys.length} keys`;
  return { isValid: false, words: `not valid: it is not by ${tried} of ${file}` };
}

function readKeys(file: string): readonly PublicKey[] {
  const text = readNamedFile(file, '--keys');
  try {
    return parsePublicKeys(text);
  } catch (error) {
    throw new Error(`--keys: ${file}: ${errorMessage(error)}`, { cause: error });
  }
}

async function isSignedBy(text: string, alg: string, { jwk }: PublicKey): Promise<boolean> {
  try {
    await compactVerify(text, await importJWK({ ...jwk }, alg), { algorithms: [alg] });
    return true;
  } catch {
    return false; // another key's, or a key of another kind
  }
}
