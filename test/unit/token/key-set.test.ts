/** The keys of an issuer: which of a JWKS are used, for what, and what of them is never looked at. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { parseKeySet } from '../../../src/token/key-set.ts';
import { createEcKey, createRsaKey, keySetOf } from '../../support/signed-token.ts';

const ec = createEcKey('ec');
const rsa = createRsaKey('rsa');
const privateJwk = rsa.privateKey.export({ format: 'jwk' });

const notKeySets: readonly (readonly [what: string, document: unknown, problem: RegExp])[] = [
  ['nothing', undefined, /^the key set has no list of keys$/],
  ['null', null, /^the key set has no list of keys$/],
  ['a list', [ec.jwk], /^the key set has no list of keys$/],
  ['a text', '<html></html>', /^the key set has no list of keys$/],
  ['a single key', ec.jwk, /^the key set has no list of keys$/],
  ['keys that are no list', { keys: { 0: ec.jwk } }, /^the key set has no list of keys$/],
  ['no key', { keys: [] }, /^the key set has no RSA or EC key$/],
  ['a secret alone', { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }, /^the key set has no RSA or EC/],
  ['an Ed25519 key alone', { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'a' }] }, /no RSA or EC key$/],
  ['a key of a kind in another case', { keys: [{ ...ec.jwk, kty: 'ec' }] }, /no RSA or EC key$/],
  ['things that are no keys', { keys: [null, 'key', 7, [], {}] }, /no RSA or EC key$/],
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
  ['secp256k1', 'ES256', false],
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

  it('passes over secrets and unknown kinds beside a usable key', () => {
    const oct = { kty: 'oct', kid: 'ec', k: 'c2VjcmV0' };
    const set = parseKeySet({
      keys: [oct, null, { kty: 'XYZ', kid: 'ec' }, ec.jwk, { kid: 'ec' }],
    });
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

  for (const kid of ['', 7, null, {}, ['ec']]) {
    it(`takes a kid that is ${JSON.stringify(kid)} for none`, () => {
      const set = parseKeySet({ keys: [{ ...ec.jwk, kid }] });
      assert.equal(set.candidates(undefined)[0]?.kid, undefined);
      assert.deepEqual(set.candidates(JSON.stringify(kid)), []);
    });
  }

  it('has one fingerprint for the same keys, whatever else is said of them', () => {
    const { fingerprint } = keySetOf(ec, rsa);
    const decorated = [ec.jwk, rsa.jwk].map((jwk) => ({ ...jwk, alg: 'ES256', x5c: ['a'] }));
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

  it('that was published with its private half is used as a public key only', async () => {
    const [key] = parseKeySet({ keys: [privateJwk] }).candidates(undefined);
    const imported = await key?.importFor('RS256');
    assert.ok(imported && 'type' in imported);
    assert.equal(imported.type, 'public');
    assert.doesNotMatch(
      parseKeySet({ keys: [privateJwk] }).fingerprint,
      new RegExp(privateJwk.d ?? '-'),
    );
  });

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

  it('is never fetched from where it says: the set is all there is', () => {
    const jwk = {
      ...ec.jwk,
      x5u: 'https://evil.example/key',
      x5t: createHash('sha1').digest('hex'),
    };
    assert.equal(parseKeySet({ keys: [jwk] }).fingerprint, keySetOf(ec).fingerprint);
  });
});
