/** What is told of the memory of verified tokens: each token once, and only those that it could hold. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Denial } from '../../../src/denial/denial.ts';
import { createAuthenticator } from '../../../src/token/authenticator.ts';
import { denialOf } from '../../support/denials.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import { createEcKey, fixedKeys, signToken } from '../../support/signed-token.ts';

const url = 'https://issuer.example';
const key = createEcKey('k');
const claims = { iss: url, aud: 'kubernetes', exp: 1_800_000_060, sub: 'alice' };
const now = (): number => 1_800_000_000_000;

it('a token is missed when it is verified and hit when it is remembered', async () => {
  const told: string[] = [];
  const { authenticate, remembered } = createAuthenticator(
    [{ url, rules: plainRules, keys: fixedKeys(key) }],
    {
      now,
      reviewer: { review },
      reviewOthers: { audiences: [] },
      onLookup: (result) => void told.push(result),
      maxRemembered: 2,
    },
  );
  const prove = async (token: string): Promise<unknown> => authenticate(token, Infinity);
  const alice = signToken(key, claims);
  assert.equal(remembered(), 0);
  await prove(alice);
  await prove(alice);
  assert.deepEqual([told, remembered()], [['miss', 'hit'], 1]);
  await denialOf(() => prove(signToken(key, { ...claims, aud: 'another' })));
  assert.deepEqual([told.at(-1), remembered()], ['miss', 1]);
  await denialOf(() => prove(signToken(key, { ...claims, iss: 'https://other.example' })));
  await denialOf(() => prove('opaque'));
  assert.deepEqual(told, ['miss', 'hit', 'miss'], 'others are for the API server to know');
  for (const sub of ['bob', 'carol', 'dave']) await prove(signToken(key, { ...claims, sub }));
  assert.equal(remembered(), 2);
});

function review(): Promise<never> {
  return Promise.reject(new Denial('token_rejected', 'no'));
}
