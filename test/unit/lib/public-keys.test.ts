/** Public keys as people have them, and what is no public key. */
import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { createAuthority } from '../../../lab/certificates.ts';
import { parsePublicKeys } from '../../../src/lib/public-keys.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');

function pem({ publicKey }: typeof rsa, type: 'spki' | 'pkcs1' = 'spki'): string {
  return publicKey.export({ type, format: 'pem' }).toString();
}

function privatePem({ privateKey }: typeof rsa): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const good: readonly (readonly [what: string, text: string, types: readonly string[]])[] = [
  ['an RSA key', pem(rsa), ['RSA']],
  ['an RSA key in its own form', pem(rsa, 'pkcs1'), ['RSA']],
  ['an EC key', pem(ec), ['EC']],
  ['an Ed25519 key', pem(ed), ['OKP']],
  ['several, with text between them', `# old\n${pem(rsa)}\n# new\n${pem(ec)}`, ['RSA', 'EC']],
  [
    'a key set',
    JSON.stringify({ keys: [rsa, ec, ed].map((one) => one.publicKey.export({ format: 'jwk' })) }),
    ['RSA', 'EC', 'OKP'],
  ],
];

const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
const rsaJwk = rsa.publicKey.export({ format: 'jwk' });
const secret = createSecretKey(Buffer.from('0123456789')).export({ format: 'jwk' });
const dsa = generateKeyPairSync('x25519');

const bad: readonly (readonly [what: string, text: string, why: RegExp])[] = [
  ['nothing', '', /no public key/],
  ['words', 'not a key', /no public key/],
  ['a private key', privatePem(ec), /a private key/],
  ['a private key behind a public one', `${pem(rsa)}${privatePem(rsa)}`, /a private key/],
  ['a broken key', pem(ec).replace(/\n[^-\n]{8}/, '\nAAAAAAAA'), /can not be read/],
  ['a weak key', pem(small), /less than 2048 bits/],
  [
    'a key by which everybody could sign',
    JSON.stringify({ keys: [{ ...rsaJwk, e: 'AQ' }] }),
    /exponent/,
  ],
  ['a key that signs nothing', pem(dsa), /no RSA, EC or Ed25519 key/],
  ['JSON that is no key set', '{"a":1}', /no key set/],
  ['half of a JSON', '{"keys":[', /begins like JSON/],
  ['an empty key set', '{"keys":[]}', /no public key/],
  ['a key set with text in it', '{"keys":["x"]}', /no object/],
  [
    'a key set with a private key',
    JSON.stringify({ keys: [ec.privateKey.export({ format: 'jwk' })] }),
    /private or secret/,
  ],
  ['a key set with a secret', JSON.stringify({ keys: [secret] }), /private or secret/],
];

describe('public keys', () => {
  for (const [what, text, types] of good) {
    it(`are read from ${what}`, () => {
      const keys = parsePublicKeys(text);
      assert.deepEqual(
        keys.map(({ jwk }) => jwk['kty']),
        types,
      );
      assert.ok(keys.every(({ jwk }) => !('d' in jwk)));
    });
  }

  for (const [what, text, why] of bad) {
    it(`are not read from ${what}, and nothing of it is quoted`, () => {
      assert.throws(
        () => parsePublicKeys(text),
        (error: Error) => {
          assert.match(error.message, why);
          assert.doesNotMatch(error.message, /BEGIN|[A-Za-z0-9+/]{20}/);
          return true;
        },
      );
    });
  }

  it('of a certificate know how long it is valid', async () => {
    const { certPem } = await (await createAuthority('ca')).issue({ commonName: 'x' });
    const [key, ...more] = parsePublicKeys(certPem);
    assert.deepEqual(more, []);
    assert.ok((key?.validFrom ?? Infinity) < Date.now());
    assert.ok((key?.validTo ?? 0) > Date.now());
  });
});
