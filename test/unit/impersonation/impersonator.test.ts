/** Who may be whom: which questions go to the API server, in which order they count, what is remembered. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Denial } from '../../../src/denial/denial.ts';
import type { AccessReviewer } from '../../../src/kube/access-review.ts';
import { grantingReviewer } from '../../support/access-grants.ts';
import { denialOf } from '../../support/denials.ts';
import { agent, alice, questions, refusals, targets } from '../../support/impersonation-modes.ts';
import { become, impersonatorOver, nobody, soon } from '../../support/impersonator-rig.ts';
import { kubeRequest } from '../../support/kube-request.ts';

describe('what is asked', () => {
  for (const [title, { requester = alice, requested }, constrained, legacy] of questions) {
    it(`is, for ${title}, what kube-apiserver asks its authorizer`, async () => {
      for (const [isConstrained, expected] of [
        [true, constrained],
        [false, legacy],
      ] as const) {
        const reviewer = grantingReviewer({ grants: () => false });
        const impersonator = impersonatorOver(reviewer, { constrained: isConstrained });
        await denialOf(() => become(impersonator, requested, requester));
        assert.deepEqual(reviewer.asked, expected);
      }
    });
  }

  it('is asked for the requester, but on every node in the same words', async () => {
    const reviewer = grantingReviewer({ grants: () => false });
    await denialOf(() =>
      become(impersonatorOver(reviewer), { username: 'system:node:node-1' }, agent),
    );
    const keys = {
      'authentication.kubernetes.io/associated-node-keys': [
        'B',
        'authentication.kubernetes.io/node-name',
        'b',
      ],
    };
    assert.deepEqual(
      reviewer.subjects.map(({ extra }) => extra),
      [keys, keys, agent.extra, agent.extra, agent.extra],
    );
  });

  it('goes out at once', async () => {
    const questionsAsked: string[] = [];
    const all = Promise.withResolvers<void>();
    const reviewer: AccessReviewer = {
      review: async (_, about) => {
        questionsAsked.push(about.verb);
        if (questionsAsked.length === 9) all.resolve();
        await all.promise; // no answer before the last question
        return {
          allowed: about.verb === 'impersonate',
          reason: '',
          evaluationError: '',
          at: Date.now(),
        };
      },
    };
    const groups = ['a', 'b'];
    await become(impersonatorOver(reviewer), { username: 'bob', groups, uid: '1' });
    assert.equal(questionsAsked.length, 9);
  });

  it('is given up once it no longer counts', async () => {
    const reviewer = grantingReviewer({ grants: () => true });
    await become(impersonatorOver(reviewer), { username: 'bob' });
    assert.ok(reviewer.signals.every((signal) => signal?.aborted));
  });

  it('is given up when the client has gone', async () => {
    const ending = new AbortController();
    const reviewer: AccessReviewer = {
      review: (_, __, { signal }) =>
        new Promise((___, reject) => {
          signal?.addEventListener('abort', () => reject(new Denial('review_unavailable', 'gone')));
        }),
    };
    const waiting = become(impersonatorOver(reviewer), { username: 'bob' }, alice, {
      deadline: Date.now() + 10_000,
      signal: ending.signal,
    });
    ending.abort();
    assert.equal((await denialOf(() => waiting)).reason, 'review_unavailable');
  });
});

describe('a refusal', () => {
  for (const [title, requested, grants, message, details] of refusals) {
    it(`is kube-apiserver's: ${title}`, async () => {
      const reviewer = grantingReviewer({ grants });
      const denial = await denialOf(() => become(impersonatorOver(reviewer), requested));
      assert.deepEqual(
        [denial.reason, denial.message, denial.details],
        ['impersonation_denied', message, details],
      );
    });
  }

  it('of a path names it', async () => {
    const reviewer = grantingReviewer({ grants: () => false });
    const { message, details } = await denialOf(() =>
      impersonatorOver(reviewer).impersonate(
        alice,
        { ...nobody, username: 'bob' },
        kubeRequest({}, '/healthz'),
        soon(),
      ),
    );
    assert.equal(
      message,
      'forbidden: User "alice" cannot impersonate-on:user-info:get path "/healthz"',
    );
    assert.deepEqual(details, {});
  });

  it('tells what the authorizer says, and its fault to those who know constrained modes', async () => {
    const no = { reason: 'no rule', evaluationError: 'role x not found' };
    const reviewer = grantingReviewer({ grants: () => false, no });
    const now = await denialOf(() => become(impersonatorOver(reviewer), { username: 'bob' }));
    assert.match(now.message, /in the namespace "team": role x not found: no rule$/);
    const before = await denialOf(() =>
      become(impersonatorOver(reviewer, { constrained: false }), { username: 'bob' }),
    );
    assert.equal(
      before.message,
      'users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope: no rule',
    );
  });

  for (const [title, asking] of [
    ['bytes that are no text', kubeRequest({}, '/api/v1/pods?fieldSelector=metadata.name\ufffd=x')],
    [
      'what may have been such bytes',
      kubeRequest({ joined: true }, '/api/v1/pods?fieldSelector=metadata.name!=x'),
    ],
    ['a path that Go can’t parse', kubeRequest({}, '/api/v1/pods/%zz')],
  ] as const) {
    it(`comes before any question for a request with ${title}`, async () => {
      const reviewer = grantingReviewer({ grants: () => true });
      const { reason } = await denialOf(() =>
        impersonatorOver(reviewer).impersonate(
          alice,
          { ...nobody, username: 'bob' },
          asking,
          soon(),
        ),
      );
      assert.equal(reason, 'request_malformed');
      assert.deepEqual(reviewer.asked, []);
    });
  }

  it('is none when the API server gave no answer that counts', async () => {
    const reviewer: AccessReviewer = {
      review: () => Promise.reject(new Denial('review_unavailable', 'down')),
    };
    const denial = await denialOf(() => become(impersonatorOver(reviewer), { username: 'bob' }));
    assert.equal(denial.reason, 'review_unavailable');
  });

  it('is one for a name that no header carries, though it was allowed', async () => {
    for (const requested of [
      { username: ' bob' },
      { username: ' ' },
      { username: 'bob', groups: ['a\u0000'] },
      { username: 'bob', extra: { 'a.io/b': ['x '] } },
      { username: 'bob', extra: { '': ['x'] } },
    ]) {
      const reviewer = grantingReviewer({ grants: () => true });
      const denial = await denialOf(() => become(impersonatorOver(reviewer), requested));
      assert.equal(denial.reason, 'name_not_carriable', JSON.stringify(requested));
      assert.match(denial.message, /^the request asks for/);
    }
  });
});

describe('who the request is then', () => {
  for (const [title, requested, grants, groups] of targets) {
    it(`has the groups that kube-apiserver gives: ${title}`, async () => {
      const reviewer = grantingReviewer({ grants: (question) => question.includes(grants) });
      const identity = await become(impersonatorOver(reviewer), requested);
      assert.deepEqual(identity.groups, groups);
      assert.equal(identity.username, requested.username);
    });
  }

  it('keeps empty groups and extras that the legacy mode allows', async () => {
    const reviewer = grantingReviewer({ grants: (question) => question.includes('impersonate ') });
    const extra = { 'a.io/b': [''] };
    const identity = await become(impersonatorOver(reviewer), {
      username: 'bob',
      groups: [''],
      extra,
    });
    assert.deepEqual(identity.groups, ['', 'system:authenticated']);
    assert.deepEqual(identity.extra['a.io/b'], ['']);
  });

  it('has nothing of the requester but the record', async () => {
    const reviewer = grantingReviewer({ grants: () => true });
    const requester = { ...alice, extra: { 'a.io/b': ['c'] } };
    const identity = await become(
      impersonatorOver(reviewer),
      { username: 'bob', uid: '2' },
      requester,
    );
    assert.deepEqual(identity, {
      username: 'bob',
      uid: '2',
      groups: ['system:authenticated'],
      extra: {
        'original.example-user': ['alice'],
        'original.example-groups': ['dev', 'system:authenticated'],
        'original.example-uid': ['u1'],
        'original.example-extra': ['{"a.io/b":["c"]}'],
      },
    });
  });
});
