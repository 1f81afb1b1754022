/** Certificate authorities and leaf certificates for the lab: ECDSA P-256, made afresh in memory, good for a week. */
// @peculiar/x509 needs it loaded first.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509CertificateCreateParamsName,
} from '@peculiar/x509';
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

export interface Certificate {
  readonly certPem: string;
  /** PKCS #8. */
  readonly keyPem: string;
}

export interface LeafOptions {
  /** The user name, when the certificate is a Kubernetes client's. */
  readonly commonName: string;
  /** The groups, when the certificate is a Kubernetes client's. */
  readonly organizations?: readonly string[];
  /** Names and addresses a server answers to. */
  readonly hosts?: readonly string[];
}

export interface Authority {
  readonly certPem: string;
  /** A leaf certificate, good for servers and for clients. */
  issue(options: LeafOptions): Promise<Certificate>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;

/** Makes a new self-signed authority. */
export async function createAuthority(commonName: string): Promise<Authority> {
  const keys = await generateKeys();
  const name = distinguishedName({ commonName });
  const root = await X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certPem: `${root.toString('pem')}\n`,
    issue: (options) => issueLeaf(options, name, keys.privateKey),
  };
}

async function issueLeaf(
  options: LeafOptions,
  issuer: X509CertificateCreateParamsName,
  signingKey: CryptoKey,
): Promise<Certificate> {
  const keys = await generateKeys();
  const names = (options.hosts ?? []).map(
    (value) => ({ type: isIP(value) ? 'ip' : 'dns', value }) as const,
  );
  const leaf = await X509CertificateGenerator.create({
    ...validity(),
    subject: distinguishedName(options),
    issuer,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certPem: `${leaf.toString('pem')}\n`,
    keyPem: `${PemConverter.encode(key, 'PRIVATE KEY')}\n`,
  };
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function distinguishedName({
  commonName,
  organizations = [],
}: LeafOptions): X509CertificateCreateParamsName {
  return [{ CN: [commonName] }, ...organizations.map((name) => ({ O: [name] }))];
}

/** Begins an hour ago, for clocks that differ a little; the serial number's first byte keeps it positive. */
function validity(): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(now - day / 24),
    notAfter: new Date(now + 7 * day),
  };
}
