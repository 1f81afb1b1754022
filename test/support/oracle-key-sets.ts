/** Key sets that are odd or broken, each with tokens and how they end on both sides. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto';
import { createAuthority } from '../../lab/certificates.ts';
import type { Verdict } from './oracle-drafts.ts';
import { createEcKey, createRsaKey, type TestKey } from './signed-token.ts';

export interface KeySetCase {
  readonly what: string;
  /** The document that the issuer publishes. */
  readonly text: string;
  readonly tokens: readonly SignedAs[];
}

interface SignedAs {
  readonly verdict: Verdict;
  readonly by: string;
  readonly key: TestKey;
  readonly alg: string;
  /** In place of the key's. */
  readonly kid?: string | undefined;
}

interface Certified {
  readonly key: TestKey;
  readonly certificate: X509Certificate;
  readonly x5c: readonly string[];
}

/** At most as many as an AuthenticationConfiguration has entries. */
export async function keySetCases(): Promise<readonly KeySetCase[]> {
  const authority = await createAuthority('keys');
  const { certPem, keyPem } = await authority.issue({ commonName: 'key' });
  const certificate = new X509Certificate(certPem);
  const privateKey = createPrivateKey(keyPem);
  const publicKey = createPublicKey(keyPem);
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'certified' };
  const key = { kid: 'certified', privateKey, publicKey, jwk };
  const x5c = [certificate.raw.toString('base64')];
  return [...documents(), ...besides(), ...certified({ key, certificate, x5c }), ...odd()];
}

const good = createEcKey('good');
const goodJwk = good.jwk;
const rsa = createRsaKey('rsa');

function byGood(verdict: Verdict): SignedAs {
  return { verdict, by: 'the good key', key: good, alg: 'ES256' };
}

/** Key sets as a whole. */
function documents(): readonly KeySetCase[] {
  const keys = JSON.stringify([goodJwk]);
  const rows: readonly (readonly [Verdict, string, string])[] = [
    ['same', 'one key', `{"keys":${keys}}`],
    ['refused', 'no key', '{"keys":[]}'],
    ['refused', 'null for keys', '{"keys":null}'],
    ['refused', 'no list', '{}'],
    ['refused', 'null', 'null'],
    ['refused', 'a list', keys],
    ['refused', 'an object for keys', `{"keys":{"0":${JSON.stringify(goodJwk)}}}`],
    [
      'refused',
      'an empty list under another spelling after the keys',
      `{"keys":${keys},"Keys":[]}`,
    ],
    [
      'refused',
      'an empty list with a Kelvin sign after the keys',
      `{"keys":${keys},"\u212aeys":[]}`,
    ],
    ['ours', 'the keys under another spelling', `{"Keys":${keys}}`],
    ['refused', 'words behind', `{"keys":${keys}} x`],
    ['same', 'more members', `{"keys":${keys},"more":[1,{}]}`],
  ];
  return rows.map(([verdict, what, text]) => ({ what, text, tokens: [byGood(verdict)] }));
}

/** What stands before the good key. */
function besides(): readonly KeySetCase[] {
  const ec = createEcKey('other').jwk;
  const { n, e } = rsa.jwk;
  const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
  const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
  const privateRsa = rsa.privateKey.export({ format: 'jwk' });
  const privateEc = createEcKey('p').privateKey.export({ format: 'jwk' });
  const rows: readonly (readonly [Verdict, string, unknown])[] = [
    ['refused', 'null', null],
    ['refused', 'a text', 'x'],
    ['refused', 'an empty object', {}],
    ['refused', 'an unknown kty', { kty: 'AKP', kid: 'a', pub: 'AAAA' }],
    ['refused', 'a kty in lower case', { ...ec, kty: 'ec' }],
    ['refused', 'an unknown curve', { ...ec, crv: 'P-999' }],
    ['refused', 'a key of secp256k1', k256.export({ format: 'jwk' })],
    ['same', 'a key of Ed25519', ed],
    ['same', 'a short key of Ed25519', { ...ed, x: 'AAAA' }],
    ['refused', 'a key of X25519', x25519],
    ['same', 'a secret', { kty: 'oct', k: 'c2VjcmV0' }],
    ['same', 'an empty secret', { kty: 'oct', k: '' }],
    ['refused', 'a secret without its octets', { kty: 'oct', kid: 'x' }],
    ['refused', 'an EC key without y', { ...ec, y: undefined }],
    ['refused', 'an EC key with an empty y', { ...ec, y: '' }],
    ['refused', 'an EC key off its curve', { ...ec, y: ec.x }],
    ['refused', 'an EC key with a short x', { ...ec, x: 'AAAA' }],
    ['refused', 'an RSA key without n', { kty: 'RSA', e }],
    ['refused', 'an RSA key without e', { kty: 'RSA', n }],
    ['same', 'an RSA key with an empty n', { kty: 'RSA', n: '', e }],
    ['refused', 'an RSA key with plain base64 in n', { kty: 'RSA', n: 'ab+/', e }],
    ['refused', 'an RSA key with padding in e', { kty: 'RSA', n, e: 'AQABAA==' }],
    ['refused', 'an RSA key with a number for e', { kty: 'RSA', n, e: 65_537 }],
    ['same', 'a private EC key', privateEc],
    ['refused', 'a private EC key with a short d', { ...privateEc, d: 'AAAA' }],
    ['same', 'a private RSA key', privateRsa],
    ['refused', 'a private RSA key without p', { ...privateRsa, p: undefined }],
    ['refused', 'a broken private RSA key', { ...privateRsa, d: privateRsa.dp }],
    ['refused', 'a number for the kid', { ...ec, kid: 7 }],
    ['same', 'null for the kid', { ...ec, kid: null }],
    ['refused', 'a number for the alg', { ...ec, alg: 7 }],
    ['refused', 'a list for the use', { ...ec, use: ['sig'] }],
    ['same', 'anything for key_ops', { ...ec, key_ops: 7, ext: {} }],
    ['refused', 'an x5u', { ...ec, x5u: 'https://127.0.0.1:1/x5u' }],
    [
      'same',
      'null for all that may be absent',
      { ...ec, x5u: null, x5c: null, x5t: null, d: null },
    ],
    ['same', 'an empty x5c', { ...ec, x5c: [] }],
    ['refused', 'a broken x5c', { ...ec, x5c: ['AAAA'] }],
    ['refused', 'a text for x5c', { ...ec, x5c: 'AAAA' }],
    ['refused', 'an x5t of three bytes', { ...ec, x5t: 'AAAA' }],
    ['refused', 'an x5t that is not in base64url', { ...ec, x5t: 'A+==' }],
  ];
  return rows.map(([verdict, what, jwk]) => ({
    what: `${what} before it`,
    text: JSON.stringify({ keys: [jwk, goodJwk] }),
    tokens: [byGood(verdict)],
  }));
}

function certified({ key, certificate, x5c }: Certified): readonly KeySetCase[] {
  const digest = (hash: string): Buffer => createHash(hash).update(certificate.raw).digest();
  const sha1 = digest('sha1');
  const x5t = sha1.toString('base64url');
  const sha256 = digest('sha256').toString('base64url');
  const hex = Buffer.from(sha1.toString('hex')).toString('base64url');
  const pem = Buffer.from(certificate.toString()).toString('base64');
  const longer = Buffer.concat([certificate.raw, Buffer.of(0)]).toString('base64');
  const all = { x5c, x5t, 'x5t#S256': sha256 };
  const rows: readonly (readonly [Verdict, string, object])[] = [
    ['same', 'its certificate and its thumbprints', { ...key.jwk, ...all }],
    ['same', 'a thumbprint in hexadecimal', { ...key.jwk, x5c, x5t: hex }],
    ['refused', 'the certificate of another key', { ...goodJwk, kid: 'certified', x5c }],
    ['refused', 'the thumbprint of another certificate', { ...key.jwk, x5c, x5t: 'A'.repeat(27) }],
    ['same', 'a thumbprint without a certificate', { ...key.jwk, x5t: 'A'.repeat(27) }],
    ['refused', 'a certificate in PEM', { ...key.jwk, x5c: [pem] }],
    ['refused', 'a certificate and a byte', { ...key.jwk, x5c: [longer] }],
    ['refused', 'a secret with a certificate', { kty: 'oct', k: 'AAAA', x5c }],
  ];
  return rows.map(([verdict, what, jwk]) => ({
    what,
    text: JSON.stringify({ keys: [jwk, key.jwk] }),
    tokens: [{ verdict, by: 'that key', key, alg: 'ES256' }],
  }));
}

/** Keys that tokens are signed by. */
function odd(): readonly KeySetCase[] {
  const privateOnly = { ...good.privateKey.export({ format: 'jwk' }), kid: good.kid };
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
  const three: TestKey = {
    kid: 'three',
    ...pair,
    jwk: { ...pair.publicKey.export({ format: 'jwk' }), kid: 'three' },
  };
  const twin = createEcKey('good');
  const broken = { ...goodJwk, x: goodJwk.x?.replace(/^(.{9})/, '$1\n') };
  return [
    { what: 'the private key alone', text: setOf(privateOnly), tokens: [byGood('refused')] },
    { what: 'a line break in a number', text: setOf(broken), tokens: [byGood('same')] },
    {
      what: 'an exponent of three',
      text: setOf(three.jwk),
      tokens: [{ verdict: 'same', by: 'it', key: three, alg: 'RS256' }],
    },
    {
      what: 'three keys of one kid, of two kinds',
      text: setOf(goodJwk, { ...rsa.jwk, kid: 'good' }, twin.jwk),
      tokens: [
        byGood('same'),
        { verdict: 'same', by: 'the second', key: rsa, alg: 'RS256', kid: 'good' },
        { verdict: 'same', by: 'the third', key: twin, alg: 'ES256' },
      ],
    },
  ];
}

function setOf(...keys: readonly object[]): string {
  return JSON.stringify({ keys });
}
