/** A token that the API server vouches for: who that is here, and who gets no further. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Denial } from '../../../src/denial/denial.ts';
import type { ReviewedUser, TokenReviewer } from '../../../src/kube/token-review.ts';
import { reviewToken } from '../../../src/token/reviewed-token.ts';
import { denialOf } from '../../support/denials.ts';

const robot: ReviewedUser = {
  username: 'system:serviceaccount:ci:robot',
  uid: 'u-1',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:ci', 'system:authenticated'],
  extra: { 'authentication.kubernetes.io/credential-id': ['JTI=1'] },
};

const refused: readonly (readonly [what: string, user: Partial<ReviewedUser>, reason: string])[] = [
  ['is anonymous', { username: 'system:anonymous' }, 'reserved_name'],
  ['has a name that HTTP would trim', { username: ' robot' }, 'name_not_carriable'],
  ['has a name with a line break', { username: 'a\nb' }, 'name_not_carriable'],
  ['has a blank group', { groups: [' '] }, 'name_not_carriable'],
  ['has a NUL in an extra', { extra: { a: ['\u0000'] } }, 'name_not_carriable'],
];

describe('a reviewed token', () => {
  it("is whoever the API server says, and its reserved names are the API server's to give", async () => {
    assert.deepEqual(await identityOf(robot), robot);
  });

  it('is authenticated, as everybody is who is somebody', async () => {
    const { groups } = await identityOf({ ...robot, groups: ['dev'] });
    assert.deepEqual(groups, ['dev', 'system:authenticated']);
  });

  it('has the same identity, frozen, as long as the answer is remembered', async () => {
    const first = await identityOf(robot);
    assert.equal(await identityOf(robot), first);
    assert.ok(Object.isFrozen(first) && Object.isFrozen(first.groups));
  });

  it('is asked about with the audiences and the deadline', async () => {
    const asked: unknown[] = [];
    const reviewer: TokenReviewer = {
      review: async (...question) => {
        asked.push(question);
        return robot;
      },
    };
    await reviewToken('token', reviewer, { audiences: ['a'] }, 7);
    assert.deepEqual(asked, [['token', ['a'], 7]]);
  });

  it('is refused as the reviewer refuses it', async () => {
    const denial = new Denial('token_rejected', 'no');
    const reviewer: TokenReviewer = { review: () => Promise.reject(denial) };
    const work = (): unknown => reviewToken('token', reviewer, { audiences: [] }, 0);
    assert.equal(await denialOf(work), denial);
  });

  for (const [what, fields, reason] of refused) {
    it(`is refused when its user ${what}`, async () => {
      const denial = await denialOf(() => identityOf({ ...robot, ...fields }));
      assert.equal(denial.reason, reason);
    });
  }
});

function identityOf(user: ReviewedUser): ReturnType<typeof reviewToken> {
  const reviewer: TokenReviewer = { review: () => Promise.resolve(user) };
  return reviewToken('token', reviewer, { audiences: [] }, Date.now() + 1_000);
}
