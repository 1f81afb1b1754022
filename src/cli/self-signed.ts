// The certificate around a public key, as `openssl req -x509` makes one (RFC 5280 §4.1): it names the
// key and has no other use. Made by hand: a library for it would be fifteen packages in the program.
import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import {
  bitString,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  tagged,
  time,
  utf8String,
} from './der.ts';
import { UsageError } from './flags.ts';

export interface CertificateOptions {
  /** A distinguished name, such as `CN=pipeline, O=Example`. */
  readonly subject: string;
  readonly days: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const hourMs = 3_600_000;

const asn1Null = Buffer.from([0x05, 0x00]);
const asn1True = Buffer.from([0x01, 0x01, 0xff]);

/** sha256WithRSAEncryption (RFC 4055 §5), ecdsa-with-SHA256 (RFC 5758 §3.2), Ed25519 (RFC 8410 §3). */
const signatureAlgorithms = {
  rsa: sequence(objectIdentifier('1.2.840.113549.1.1.11'), asn1Null),
  ec: sequence(objectIdentifier('1.2.840.10045.4.3.2')),
  ed25519: sequence(objectIdentifier('1.3.101.112')),
} as const;

export type KeyType = keyof typeof signatureAlgorithms;

/** A certificate (PEM) for a key, signed by itself; valid since an hour ago, for clocks that differ. */
export function selfSign(key: KeyObject, type: KeyType, options: CertificateOptions): string {
  const { subject, days, now } = options;
  const algorithm = signatureAlgorithms[type];
  const name = distinguishedName(subject);
  const toBeSigned = sequence(
    tagged(0xa0, integer(2)), // version 3
    integer(1, ...randomBytes(15)),
    algorithm,
    name,
    sequence(time(now - hourMs), time(now + days * 24 * hourMs)),
    name,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign(type === 'ed25519' ? null : 'sha256', toBeSigned, key);
  const certificate = sequence(toBeSigned, algorithm, bitString(signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Of no authority; for signatures (RFC 5280 §4.2.1.9, §4.2.1.3). */
const extensions = [
  sequence(objectIdentifier('2.5.29.19'), asn1True, octetString(sequence())),
  sequence(objectIdentifier('2.5.29.15'), asn1True, octetString(bitString(Buffer.from([0x80]), 7))),
];

const attributes: ReadonlyMap<string, string> = new Map([
  ['CN', '2.5.4.3'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['L', '2.5.4.7'],
  ['ST', '2.5.4.8'],
  ['C', '2.5.4.6'],
]);

/** Reads `CN=pipeline, O=Example`; a backslash keeps a comma in a value. Throws UsageError. */
export function distinguishedName(text: string): Buffer {
  const parts = text.split(/(?<!\\),/).map((part) => {
    const [, label = '', value = ''] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(part) ?? [];
    const identifier = attributes.get(label.toUpperCase());
    if (identifier === undefined) {
      const known = [...attributes.keys()].join(', ');
      throw new UsageError(`--subject must be like "CN=pipeline, O=Example", of ${known}`);
    }
    return setOf(sequence(objectIdentifier(identifier), valueOf(label, value)));
  });
  return sequence(...parts);
}

function valueOf(label: string, value: string): Buffer {
  const plain = value.replaceAll('\\,', ',');
  if (label.toUpperCase() !== 'C') return utf8String(plain);
  if (!/^[A-Z]{2}$/.test(plain)) throw new UsageError('--subject: C is a country of two letters');
  return tagged(0x13, Buffer.from(plain)); // PrintableString (RFC 5280, appendix A.1)
}
