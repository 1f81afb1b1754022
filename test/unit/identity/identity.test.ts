/** The group of everybody who proved who they are. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withAuthenticatedGroup } from '../../../src/identity/identity.ts';

const everybody = 'system:authenticated';

const rows: readonly (readonly [
  title: string,
  username: string,
  groups: readonly string[],
  after: readonly string[],
])[] = [
  ['is appended to none', 'alice', [], [everybody]],
  ['is appended to others, last', 'alice', ['dev', 'ops'], ['dev', 'ops', everybody]],
  ['is not there twice', 'alice', [everybody, 'dev'], [everybody, 'dev']],
  ['is not beside its opposite', 'alice', ['system:unauthenticated'], ['system:unauthenticated']],
  ['is not given to the anonymous user', 'system:anonymous', ['dev'], ['dev']],
  ['is given to service accounts', 'system:serviceaccount:n:s', [], [everybody]],
  [
    'is told from one in another case',
    'alice',
    ['System:Authenticated'],
    ['System:Authenticated', everybody],
  ],
  ['is told from one with a space', 'alice', [`${everybody} `], [`${everybody} `, everybody]],
];

describe('system:authenticated', () => {
  for (const [title, username, groups, after] of rows) {
    it(title, () => {
      const identity = { username, groups, uid: 'u', extra: { a: ['b'] } };
      assert.deepEqual(withAuthenticatedGroup(identity), { ...identity, groups: after });
      assert.deepEqual(identity.groups, groups, 'the identity it was given has changed');
    });
  }
});
