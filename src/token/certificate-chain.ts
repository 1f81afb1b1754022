// The certificates that a key or a token's header brings, read as strictly as go-jose v2.6.3 reads them (shared.go, jwk.go).
import { createHash, X509Certificate } from 'node:crypto';
import { isStringArray } from '../identity/claims.ts';
import { decodeBase64url } from './base64url.ts';

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The certificates of an `x5c`, none when it is absent or null. Throws a sentence. */
export function parseCertificateChain(x5c: unknown): readonly X509Certificate[] {
  if (x5c === undefined || x5c === null) return [];
  if (!isStringArray(x5c)) throw new Error('its "x5c" is no list of texts');
  return x5c.map(parseCertificate);
}

function parseCertificate(text: string): X509Certificate {
  const letters = text.replaceAll(/[\r\n]/g, '');
  if (!base64.test(letters)) throw new Error('its "x5c" is not in base64');
  const bytes = Buffer.from(letters, 'base64');
  const certificate = readCertificate(bytes);
  // PEM would be read, too, and what stands behind the certificate passed over.
  if (certificate?.raw.equals(bytes)) return certificate;
  throw new Error('its "x5c" holds something that is no certificate');
}

function readCertificate(bytes: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}

const thumbprints = { x5t: 'sha1', 'x5t#S256': 'sha256' } as const;

/** Throws a sentence unless each thumbprint has its size, in bytes or as hexadecimal text, and is that of `leaf`, if there is one. */
export function checkThumbprints(
  jwk: Readonly<Record<string, unknown>>,
  leaf: X509Certificate | undefined,
): void {
  for (const [name, algorithm] of Object.entries(thumbprints)) {
    const size = algorithm === 'sha1' ? 20 : 32;
    const bytes = decodeBase64url(jwk[name] ?? '');
    if (!bytes) throw new Error(`its "${name}" is not in base64url`);
    const hex = bytes.length === 2 * size ? bytes.toString('latin1') : '';
    const thumbprint = /^[0-9a-fA-F]+$/.test(hex) ? Buffer.from(hex, 'hex') : bytes;
    if (thumbprint.length === 0) continue;
    if (thumbprint.length !== size) throw new Error(`its "${name}" is of the wrong size`);
    if (leaf && !createHash(algorithm).update(leaf.raw).digest().equals(thumbprint)) {
      throw new Error(`its "${name}" is not that of its "x5c"`);
    }
  }
}
