/** Who the API server takes the bearer of a service account's token for, as our audit log tells it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountIdentity, bearerIdentity } from '../../../src/identity/service-account.ts';
import { assertFrozen } from '../../support/assert-frozen.ts';
import { encodePart } from '../../support/signed-token.ts';

const robot = { namespace: 'team', name: 'robot.v2' };
const identity = {
  username: 'system:serviceaccount:team:robot.v2',
  uid: '',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:team', 'system:authenticated'],
  extra: {},
};

/** Subjects that are no service account's: known as they are, and in no group of theirs. */
const others: readonly string[] = [
  ['alice', 'system:admin', 'system:serviceaccount', 'system:serviceaccount:team'],
  ['system:serviceaccount::robot', 'system:serviceaccount:team:', 'system:serviceaccount:a:b:c'],
  ['xsystem:serviceaccount:a:b', 'system:serviceaccount:a:b:', ''],
].flat();

const silent: readonly (readonly [what: string, token: string])[] = [
  ['that is no JWT', 'opaque'],
  ['that is empty', ''],
  ['of three empty parts', '..'],
  ['whose payload is no JSON', `a.${Buffer.from('{').toString('base64url')}.b`],
  ['whose payload is not base64', 'a.%%%.b'],
  ...['null', '7', '"sub"', '[]', '{}', '{"sub":7}', '{"sub":null}', '{"sub":["a"]}'].map(
    (payload) => [`whose payload is ${payload}`, `a.${encodePart(payload)}.b`] as const,
  ),
];

describe('a service account', () => {
  it('is the user and the groups that Kubernetes makes of it', () => {
    assert.deepEqual(accountIdentity(robot), identity);
  });

  it('is the same identity, frozen, for the same account', () => {
    assert.equal(accountIdentity(robot), accountIdentity(robot));
    assertFrozen(accountIdentity(robot));
    assert.deepEqual(accountIdentity({ ...robot }), identity);
  });
});

describe('the bearer of a token of ours', () => {
  it('is the account of its subject', () => {
    assert.deepEqual(bearerIdentity(tokenOf('system:serviceaccount:team:robot.v2')), identity);
  });

  for (const subject of others) {
    it(`is nobody's account with the subject ${JSON.stringify(subject)}`, () => {
      const expected = { username: subject, uid: '', groups: [], extra: {} };
      assert.deepEqual(bearerIdentity(tokenOf(subject)), expected);
    });
  }

  for (const [what, token] of silent) {
    it(`has no name with a token ${what}`, () => {
      assert.deepEqual(bearerIdentity(token), { username: '', uid: '', groups: [], extra: {} });
    });
  }
});

function tokenOf(sub: string): string {
  return `${encodePart({ alg: 'none' })}.${encodePart({ sub })}.signature`;
}
