/** What an impersonator remembers, for whom and how long. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { grantingReviewer } from '../../support/access-grants.ts';
import { denialOf } from '../../support/denials.ts';
import { alice } from '../../support/impersonation-modes.ts';
import { become, impersonatorOver, logPath, soon } from '../../support/impersonator-rig.ts';
import { kubeRequest } from '../../support/kube-request.ts';

describe('what is remembered', () => {
  it('is the mode that went well, which is asked alone the next time', async () => {
    const reviewer = grantingReviewer({
      grants: (question) => question.startsWith('impersonate '),
    });
    const impersonator = impersonatorOver(reviewer);
    await become(impersonator, { username: 'bob' });
    reviewer.asked.length = 0;
    await become(impersonator, { username: 'carol' });
    assert.deepEqual(reviewer.asked, ['impersonate v1 users carol']);
  });

  it('is not what went well for somebody else', async () => {
    const reviewer = grantingReviewer({
      grants: (question) => question.startsWith('impersonate '),
    });
    const impersonator = impersonatorOver(reviewer);
    await become(impersonator, { username: 'bob' });
    reviewer.asked.length = 0;
    await become(impersonator, { username: 'carol' }, { ...alice, username: 'eve' });
    assert.equal(reviewer.asked.length, 3);
  });

  it('is asked again, with all others, when the mode of the last time says no', async () => {
    let allowed = 'impersonate ';
    const reviewer = grantingReviewer({ grants: (question) => question.includes(allowed) });
    const impersonator = impersonatorOver(reviewer);
    await become(impersonator, { username: 'bob' });
    allowed = 'user-info';
    reviewer.asked.length = 0;
    assert.equal((await become(impersonator, { username: 'carol' })).username, 'carol');
    assert.deepEqual(reviewer.asked, [
      'impersonate v1 users carol',
      'impersonate-on:user-info:get v1 pods/log team/web',
      'impersonate:user-info authentication.k8s.io/v1 users carol',
    ]);
  });

  it('is the answer to a request, for a while: the same is not asked about again', async () => {
    let now = 1_000_000;
    const reviewer = grantingReviewer({ grants: () => true, now: () => now });
    const impersonator = impersonatorOver(reviewer, { now: () => now });
    const requested = { username: 'bob', groups: ['a'] };
    const first = await become(impersonator, requested);
    reviewer.asked.length = 0;
    now += 9_999;
    assert.equal(await become(impersonator, requested), first);
    assert.deepEqual(reviewer.asked, []);
    now += 1;
    await become(impersonator, requested);
    assert.equal(reviewer.asked.length, 3);
  });

  it('is the target, for a while: of another request only that is asked about', async () => {
    let now = 1_000_000;
    const reviewer = grantingReviewer({ grants: () => true, now: () => now });
    const impersonator = impersonatorOver(reviewer, { now: () => now });
    const requested = { username: 'bob', groups: ['a'] };
    const first = await become(impersonator, requested);
    now += 9_999;
    reviewer.asked.length = 0;
    const list = kubeRequest({}, '/api/v1/nodes');
    assert.equal(await become(impersonator, requested, alice, soon(), list), first);
    assert.deepEqual(reviewer.asked, ['impersonate-on:user-info:list v1 nodes']);
    // What was remembered for the new request rests on the old answers, too.
    now += 1;
    reviewer.asked.length = 0;
    await become(impersonator, requested, alice, soon(), list);
    assert.equal(reviewer.asked.length, 3);
  });

  for (const [what, other] of [
    ['another path', kubeRequest({}, '/api/v1/namespaces/team/pods/web')],
    ['another method', { ...kubeRequest({}, logPath), method: 'DELETE' }],
    ['another query', kubeRequest({}, `${logPath}?follow=true`)],
  ] as const) {
    it(`is no answer for ${what}`, async () => {
      const reviewer = grantingReviewer({ grants: () => true });
      const impersonator = impersonatorOver(reviewer);
      await become(impersonator, { username: 'bob' });
      reviewer.asked.length = 0;
      await become(impersonator, { username: 'bob' }, alice, soon(), other);
      assert.equal(reviewer.asked.length, 1);
    });
  }

  for (const [title, requester, requested] of [
    ['another group', alice, { username: 'bob', groups: ['b'] }],
    ['a group with a comma', alice, { username: 'bob', groups: ['a,b'] }],
    ['a uid', alice, { username: 'bob', groups: ['a'], uid: '1' }],
    ['an extra', alice, { username: 'bob', groups: ['a'], extra: { 'a.io/b': ['c'] } }],
    ['another uid of the requester', { ...alice, uid: 'u2' }, { username: 'bob', groups: ['a'] }],
    ['other groups of the requester', { ...alice, groups: [] }, { username: 'bob', groups: ['a'] }],
  ] as const) {
    it(`is nothing for ${title}`, async () => {
      const reviewer = grantingReviewer({ grants: () => true });
      const impersonator = impersonatorOver(reviewer);
      await become(impersonator, { username: 'bob', groups: ['a'] });
      reviewer.asked.length = 0;
      await become(impersonator, requested, requester);
      assert.ok(reviewer.asked.length > 1);
    });
  }

  it('is never a refusal', async () => {
    let allow = false;
    const reviewer = grantingReviewer({ grants: () => allow });
    const impersonator = impersonatorOver(reviewer);
    await denialOf(() => become(impersonator, { username: 'bob' }));
    allow = true;
    assert.equal((await become(impersonator, { username: 'bob' })).username, 'bob');
  });
});
