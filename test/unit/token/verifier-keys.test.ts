/** Keys that are broken, missing, old or new: what a token is worth then. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCompactToken } from '../../../src/token/compact-token.ts';
import type { IssuerKeys } from '../../../src/token/issuer-keys.ts';
import { parseKeySet } from '../../../src/token/key-set.ts';
import { verifyToken, type VerifiedToken } from '../../../src/token/verifier.ts';
import { denialOf } from '../../support/denials.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import {
  createEcKey,
  createRsaKey,
  fixedKeys,
  keySetOf,
  signToken,
} from '../../support/signed-token.ts';

const now = 1_800_000_000;
const claims = { iss: 'https://issuer.example', aud: 'kubernetes', exp: now + 60, sub: 'alice' };
const ec = createEcKey('ec');
const rsa = createRsaKey('rsa');
const stranger = createEcKey('stranger');
const good = signToken(ec, claims);

describe('a key', () => {
  const useless: readonly (readonly [what: string, jwk: object])[] = [
    ['whose modulus is one', { ...rsa.jwk, n: 'AQ' }],
    ['whose modulus has 1024 bits', { ...rsa.jwk, n: `w${'A'.repeat(169)}w` }],
    ['whose exponent is one', { ...rsa.jwk, e: 'AQ' }],
    ['whose exponent is even', { ...rsa.jwk, e: 'Ag' }],
    ['that is published with its private half', rsa.privateKey.export({ format: 'jwk' })],
    ['that is a secret', { kty: 'oct', k: 'c2VjcmV0' }],
  ];
  for (const [what, jwk] of useless) {
    it(`${what} verifies nothing, and the right one behind it still does`, async () => {
      const token = signToken(rsa, claims, { kid: undefined });
      const keys = fixedKeys();
      keys.publish(parseKeySet({ keys: [jwk] }));
      const reasons = ['token_key_unknown', 'token_signature'];
      for (const text of [token, token.replace(/[^.]+$/, 'AQ')]) {
        assert.ok(reasons.includes((await denialOf(() => verify(text, keys))).reason));
      }
      keys.publish(parseKeySet({ keys: [jwk, rsa.jwk] }));
      assert.equal((await verify(token, keys)).identity.username, 'alice');
    });
  }
});

describe('keys', () => {
  it('that were never had make a token unavailable at once, with the cause for the log alone', async () => {
    const keys = fixedKeys();
    const denial = await denialOf(() => verify(good, keys));
    assert.equal(denial.reason, 'issuer_unavailable');
    assert.match(
      denial.message,
      /^the keys of the token's issuer "people" can't be had at the mom/,
    );
    assert.doesNotMatch(denial.message, /the issuer is down/);
    assert.ok(denial.cause instanceof Error);
    assert.equal(denial.cause.message, 'the issuer is down');
  });

  it('that are too old are asked for again', async () => {
    const keys = { ...fixedKeys(), fetchedAt: () => 1 };
    keys.publish(undefined, keySetOf(ec));
    assert.equal((await verify(good, keys)).identity.username, 'alice');
    keys.publish(undefined, undefined);
    assert.equal((await denialOf(() => verify(good, keys))).reason, 'issuer_unavailable');
  });

  it('that are new since are found by asking once', async () => {
    const keys = fixedKeys(rsa);
    keys.publish(keySetOf(rsa), keySetOf(rsa, ec));
    const verified = await verify(good, keys);
    assert.equal(keys.refetched(), 1);
    assert.equal(verified.keys, keys.current());
  });

  it('are not asked for again when the token verifies', async () => {
    const keys = fixedKeys(ec);
    await verify(good, keys);
    assert.equal(keys.refetched(), 0);
  });

  it('are tried once when the issuer has no others', async () => {
    const set = keySetOf(ec);
    let tries = 0;
    const keys = fixedKeys();
    keys.publish({
      ...set,
      candidates: (kid) =>
        set.candidates(kid).map((key) => ({
          ...key,
          importFor: (algorithm) => {
            tries += 1;
            return key.importFor(algorithm);
          },
        })),
    });
    const { reason } = await denialOf(() =>
      verify(signToken(stranger, claims, { kid: 'ec' }), keys),
    );
    assert.equal(reason, 'token_signature');
    assert.equal(tries, 1);
  });

  it('are asked for again only once for a forged token', async () => {
    const keys = fixedKeys(ec);
    await denialOf(() => verify(signToken(stranger, claims, { kid: 'ec' }), keys));
    assert.equal(keys.refetched(), 1);
  });
});

function verify(token: string, keys: IssuerKeys): Promise<VerifiedToken> {
  return verifyToken(parseCompactToken(token), plainRules, keys, now);
}
