/** The keys of an issuer: which of a JWKS are used, for what, and what of them is never looked at. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { parseKeySet } from '../../../src/token/key-set.ts';
import { createEcKey, createRsaKey, keySetOf } from '../../support/signed-token.ts';

const ec = createEcKey('ec');
const rsa = createRsaKey('rsa');
const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const privateJwk = rsa.privateKey.export({ format: 'jwk' });

const notKeySets: readonly (readonly [what: string, document: unknown, problem: RegExp])[] = [
  ['nothing', undefined, /^the key set has no list of keys$/],
  ['null', null, /^the key set has no list of keys$/],
  ['a list', [ec.jwk], /^the key set has no list of keys$/],
  ['a text', '<html></html>', /^the key set has no list of keys$/],
  ['a single key', ec.jwk, /^the key set has no list of keys$/],
  ['keys that are no list', { keys: { 0: ec.jwk } }, /^the key set has no list of keys$/],
  ['two lists of keys', { keys: [ec.jwk], KEYS: [] }, /^the key set has two lists of keys$/],
  ['two lists, one spelt with a Kelvin sign', { keys: [], '\u212aeys': [] }, /two lists of keys$/],
];

/** What is wrong with a key that spoils the whole set. */
const spoiling: readonly (readonly [what: string, jwk: unknown, problem: string])[] = [
  ['null', null, 'it is no object'],
  ['a text', 'key', 'it is no object'],
  ['an empty object', {}, 'its "kty" is unknown'],
  ['a key of an unknown kind', { kty: 'AKP', pub: 'AAAA' }, 'its "kty" is unknown'],
  ['a key of a kind in another case', { ...ec.jwk, kty: 'ec' }, 'its "kty" is unknown'],
  ['a key of a curve nobody has', { ...ec.jwk, crv: 'P-999' }, 'its "crv" is unknown'],
  [
    'a key of a curve that is a member of objects',
    { ...ec.jwk, crv: 'toString' },
    'its "crv" is unknown',
  ],
  ['a key without a curve', { ...ec.jwk, crv: undefined }, 'its "crv" is unknown'],
  ['a key of secp256k1', createEcKey('k', 'secp256k1').jwk, 'its "crv" is unknown'],
  ['a key of X25519', { kty: 'OKP', crv: 'X25519', x: 'AAAA' }, 'its "crv" is unknown'],
  [
    'a point without y',
    { ...ec.jwk, y: undefined },
    'its "x", "y" or "d" is missing or of the wrong length',
  ],
  ['a point off the curve', { ...ec.jwk, y: ec.jwk.x }, 'it is no point of its curve'],
  ['a key without its modulus', { kty: 'RSA', e: 'AQAB' }, 'its "n" or "e" is missing'],
  ['a key without its exponent', { ...rsa.jwk, e: null }, 'its "n" or "e" is missing'],
  ['a modulus beyond base64url', { ...rsa.jwk, n: 'ü' }, 'its "n" is not in base64url'],
  ['a modulus in plain base64', { ...rsa.jwk, n: 'ab+/' }, 'its "n" is not in base64url'],
  ['a modulus that is a number', { ...rsa.jwk, n: 7 }, 'its "n" is not in base64url'],
  ['half of a private key', { ...rsa.jwk, d: 'AQAB' }, 'it is a broken private key'],
  ['a secret without octets', { kty: 'oct' }, 'its "k" is missing'],
  ['a kid that is a number', { ...ec.jwk, kid: 7 }, 'its "kid" is no text'],
  ['a kid that is a list', { ...ec.jwk, kid: ['ec'] }, 'its "kid" is no text'],
  ['an x5u', { ...ec.jwk, x5u: 'https://evil.example/key' }, 'it has an "x5u"'],
  ['an x5c that is a text', { ...ec.jwk, x5c: 'AAAA' }, 'its "x5c" is no list of texts'],
  [
    'an x5c that is no certificate',
    { ...ec.jwk, x5c: ['AAAA'] },
    'its "x5c" holds something that is no certificate',
  ],
  ['an x5c that is not in base64', { ...ec.jwk, x5c: ['A'] }, 'its "x5c" is not in base64'],
  ['an x5t of another size', { ...ec.jwk, x5t: 'AAAA' }, 'its "x5t" is of the wrong size'],
  [
    'an x5t#S256 that is not in base64url',
    { ...ec.jwk, 'x5t#S256': '=' },
    'its "x5t#S256" is not in base64url',
  ],
];

const fits: readonly (readonly [kty: string, algorithm: string, usable: boolean])[] = [
  ['P-256', 'ES256', true],
  ['P-256', 'ES384', false],
  ['P-256', 'ES512', false],
  ['P-256', 'RS256', false],
  ['P-256', 'PS256', false],
  ['P-256', 'HS256', false],
  ['P-256', 'none', false],
  ['P-384', 'ES384', true],
  ['P-384', 'ES256', false],
  ['P-521', 'ES512', true],
  ['RSA', 'RS256', true],
  ['RSA', 'RS512', true],
  ['RSA', 'PS384', true],
  ['RSA', 'ES256', false],
  ['RSA', 'HS256', false],
  ['RSA', 'none', false],
];

describe('parseKeySet', () => {
  for (const [what, document, problem] of notKeySets) {
    it(`refuses ${what}`, () => assert.throws(() => parseKeySet(document), { message: problem }));
  }

  for (const [what, jwk, problem] of spoiling) {
    it(`refuses a set with ${what} in it, as kube-apiserver does, and says which key it is`, () => {
      assert.throws(() => parseKeySet({ keys: [ec.jwk, jwk] }), {
        message: `key 2 of the key set can't be read (${problem}), and kube-apiserver takes no key of such a set`,
      });
    });
  }

  it('takes a set without keys for what it says: nothing is signed by them', () => {
    for (const keys of [[], [{ kty: 'oct', k: 'c2VjcmV0' }], [ed25519]]) {
      assert.deepEqual(parseKeySet({ keys }).candidates(undefined), []);
    }
  });

  it('passes over secrets, private and Ed25519 keys beside a usable key', () => {
    const oct = { kty: 'oct', kid: 'ec', k: 'c2VjcmV0' };
    const set = parseKeySet({ keys: [oct, ed25519, { ...privateJwk, kid: 'ec' }, ec.jwk] });
    assert.equal(set.candidates('ec').length, 1);
    assert.equal(set.candidates(undefined).length, 1);
  });

  it('gives the keys of one kid, every key without a kid, and none for another', () => {
    const twin = createEcKey('ec');
    const nameless = { ...createEcKey('x').jwk, kid: undefined };
    const set = parseKeySet({ keys: [ec.jwk, rsa.jwk, twin.jwk, nameless] });
    assert.equal(set.candidates('ec').length, 2);
    assert.equal(set.candidates('rsa').length, 1);
    assert.equal(set.candidates(undefined).length, 4);
    assert.deepEqual(set.candidates('EC'), []);
    assert.deepEqual(set.candidates('undefined'), []);
  });

  for (const kid of ['', null]) {
    it(`takes a kid that is ${JSON.stringify(kid)} for none`, () => {
      const set = parseKeySet({ keys: [{ ...ec.jwk, kid }] });
      assert.equal(set.candidates(undefined)[0]?.kid, undefined);
      assert.deepEqual(set.candidates(JSON.stringify(kid)), []);
    });
  }

  it('has one fingerprint for the same keys, whatever else is said of them', () => {
    const { fingerprint } = keySetOf(ec, rsa);
    const decorated = [ec.jwk, rsa.jwk].map((jwk) => ({ ...jwk, alg: 'ES256', ext: true }));
    assert.equal(parseKeySet({ keys: decorated, more: 1 }).fingerprint, fingerprint);
    const others = [
      keySetOf(ec),
      keySetOf(ec, rsa, rsa),
      keySetOf(ec, { ...rsa, ...createRsaKey('rsa') }),
    ];
    for (const other of others) assert.notEqual(other.fingerprint, fingerprint);
    const renamed = parseKeySet({ keys: [{ ...ec.jwk, kid: 'x' }, rsa.jwk] });
    assert.notEqual(renamed.fingerprint, fingerprint);
  });
});

describe('a key', () => {
  for (const [kind, algorithm, usable] of fits) {
    it(`of kind ${kind} ${usable ? 'verifies' : 'never verifies'} ${algorithm}`, async () => {
      const key = kind === 'RSA' ? rsa : createEcKey('k', kind);
      const imported = await keySetOf({ ...key, kid: 'k' })
        .candidates(undefined)[0]
        ?.importFor(algorithm);
      assert.equal(imported !== undefined, usable);
    });
  }

  it('verifies whatever alg, use and key_ops say, as for kube-apiserver', async () => {
    const says = { alg: 'RS512', use: 'enc', key_ops: ['encrypt'], ext: false };
    const [key] = parseKeySet({ keys: [{ ...ec.jwk, ...says }] }).candidates(undefined);
    assert.ok(await key?.importFor('ES256'));
  });

  it('is imported once for each algorithm', async () => {
    const [key] = keySetOf(rsa).candidates(undefined);
    assert.equal(await key?.importFor('RS256'), await key?.importFor('RS256'));
    assert.notEqual(await key?.importFor('RS256'), await key?.importFor('PS256'));
  });
});
