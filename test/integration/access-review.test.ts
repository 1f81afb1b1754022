/** SubjectAccessReview: what is asked, what is remembered, who waits for what, and an API server that is slow or down. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../lab/port.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { AccessSubject } from '../../src/kube/access-question.ts';
import type { AccessAnswer } from '../../src/kube/access-review.ts';
import { deepFreeze } from '../../src/lib/deep-freeze.ts';
import {
  about,
  accessAnswer,
  assertUnavailable,
  carol,
  startAccessReviewer,
  verdict,
} from '../support/access-reviews.ts';
import { denialOf } from '../support/denials.ts';
import { answerJson, type Answerer } from '../support/fake-api-server.ts';
import { pointTo } from '../support/kube-client-rig.ts';

const minute = 60_000;
const inAMinute = (): { deadline: number } => ({ deadline: Date.now() + minute });

describe('SubjectAccessReview', () => {
  it('is asked in its own words', async (t) => {
    const { api, review } = await startAccessReviewer(t);
    assert.equal((await review(about({ group: 'g', version: 'v1' }))).allowed, true);
    await review({ kind: 'path', verb: 'get', path: '/metrics' });
    for (const { method, url, authorization } of api.received) {
      assert.deepEqual(
        [method, url, authorization],
        ['POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', 'Bearer reviewer-token'],
      );
    }
    const who = {
      user: 'carol-username',
      uid: 'carol-uid',
      groups: ['carol-group', 'system:authenticated'],
      extra: { 'example.com/carol-key': ['carol-value'] },
    };
    const attributes = {
      verb: 'impersonate',
      group: 'g',
      version: 'v1',
      resource: 'groups',
      name: 'dev',
    };
    const head = { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview' };
    assert.deepEqual(
      api.received.map(({ text }) => JSON.parse(text)),
      [
        { ...head, spec: { ...who, resourceAttributes: attributes } },
        { ...head, spec: { ...who, nonResourceAttributes: { verb: 'get', path: '/metrics' } } },
      ],
    );
  });

  it('has fifty questions at the server before the first is answered', async (t) => {
    const { api, review } = await startAccessReviewer(t);
    const held: (() => void)[] = [];
    api.answerWith(({ text }, response) => {
      const { name } = JSON.parse(text).spec.resourceAttributes;
      held.push(() => answerJson(response, 201, accessAnswer({ allowed: true, reason: name })));
      if (held.length === 50) for (const answer of held) answer();
    });
    const names = Array.from({ length: 50 }, (_, index) => `group-${index}`);
    const answers = await Promise.all(names.map((name) => review(about({ name }))));
    assert.deepEqual(
      answers.map(({ reason }) => reason),
      names,
    );
    assert.equal(api.connections(), 1);
  });
});

describe('an answer that is remembered', () => {
  const ttls = { allowCacheTtlMs: 100, denyCacheTtlMs: 30 };

  for (const [allowed, ttl] of [
    [true, ttls.allowCacheTtlMs],
    [false, ttls.denyCacheTtlMs],
  ] as const) {
    it(`counts for ${ttl} ms from when it was asked, being a ${allowed ? 'yes' : 'no'}`, async (t) => {
      let time = 1_000;
      const rig = await startAccessReviewer(t, { ...ttls, now: () => time });
      const { api, review, reports } = rig;
      api.answerWith((_, response) => {
        if (api.received.length === 1) time = 1_020; // it takes its time
        answerJson(response, 201, accessAnswer({ allowed }));
      });
      const first = await review();
      assert.equal(first.at, 1_000);
      time = 1_000 + ttl - 1;
      assert.equal(await review(), first);
      time = 1_000 + ttl;
      assert.equal((await review()).at, time);
      assert.equal(api.received.length, 2);
      const outcome = allowed ? 'allowed' : 'denied';
      assert.deepEqual(
        reports.map((report) => [report.kind, report.outcome, report.cache]),
        ['miss', 'hit', 'miss'].map((cache) => ['SubjectAccessReview', outcome, cache]),
      );
    });
  }

  it('is none when there was a fault behind the no, or too much to remember', async (t) => {
    const { api, review } = await startAccessReviewer(t, { denyCacheTtlMs: minute });
    const statuses = [
      { allowed: false, evaluationError: 'webhook down' },
      { allowed: false, reason: 'x'.repeat(100_000) },
    ];
    for (const status of statuses) {
      api.answerWith(verdict(status));
      await review();
      await review();
    }
    assert.equal(api.received.length, 4);
  });

  it('can be changed by nobody', async (t) => {
    const { review } = await startAccessReviewer(t);
    assert.ok(Object.isFrozen(await review()));
  });

  const others: readonly (readonly [what: string, fields: Partial<AccessSubject>])[] = [
    ['uid', { uid: 'another' }],
    ['groups', { groups: ['system:masters'] }],
    ['extra', { extra: { 'example.com/carol-key': ['another'] } }],
    ['name', { username: 'another' }],
  ];
  for (const [what, fields] of others) {
    it(`is not that of somebody with another ${what}, nor is that waited for`, async (t) => {
      const limits = { allowCacheTtlMs: minute, denyCacheTtlMs: minute };
      const { api, reviewer } = await startAccessReviewer(t, limits);
      const other = deepFreeze({ ...carol, ...fields });
      api.answerWith((received, response) => {
        const { spec } = JSON.parse(received.text);
        const isCarol = JSON.stringify(spec) === JSON.stringify(JSON.parse(carolsSpec));
        answerJson(response, 201, accessAnswer({ allowed: isCarol }));
      });
      const both = (): Promise<readonly AccessAnswer[]> =>
        Promise.all([carol, other].map((one) => reviewer.review(one, about(), inAMinute())));
      const carolsSpec = JSON.stringify({
        resourceAttributes: { verb: 'impersonate', resource: 'groups', name: 'dev' },
        user: carol.username,
        uid: carol.uid,
        groups: carol.groups,
        extra: carol.extra,
      });
      for (const _ of ['asked', 'remembered']) {
        assert.deepEqual(
          (await both()).map(({ allowed }) => allowed),
          [true, false],
        );
      }
      assert.equal(api.received.length, 2);
    });
  }
});

describe('a question that many ask', () => {
  it('is put once, and each is told', async (t) => {
    const { api, review, reports } = await startAccessReviewer(t);
    const answers = await Promise.all(Array.from({ length: 100 }, () => review()));
    assert.equal(new Set(answers).size, 1);
    assert.equal(api.received.length, 1);
    assert.equal(reports.length, 100);
  });

  it('is put anew after it failed for all', async (t) => {
    const { api, review } = await startAccessReviewer(t);
    api.answerWith(verdict({}));
    await Promise.all([review(), review()].map((one) => denialOf(() => one)));
    assert.equal(api.received.length, 1);
    api.answerWith(verdict({ allowed: true }));
    assert.equal((await review()).allowed, true);
  });

  it('goes on for the others when one leaves, who is told at once', async (t) => {
    const { api, reviewer, reports } = await startAccessReviewer(t);
    const held = hold(api);
    const impatient = new AbortController();
    const reason = new Error('enough');
    const one = reviewer.review(carol, about(), { ...inAMinute(), signal: impatient.signal });
    const other = reviewer.review(carol, about(), inAMinute());
    await waitUntil('the question', () => api.received.length === 1, { intervalMs: 5 });
    impatient.abort(reason);
    await assert.rejects(one, reason);
    held.release();
    assert.equal((await other).allowed, true);
    assert.deepEqual(
      reports.map(({ outcome }) => outcome),
      ['allowed'],
    );
  });

  it('is taken back when all have left', async (t) => {
    const { api, reviewer, reports } = await startAccessReviewer(t);
    const held = hold(api);
    const impatient = new AbortController();
    const { signal } = impatient;
    const all = ['a', 'b'].map(() => reviewer.review(carol, about(), { ...inAMinute(), signal }));
    await waitUntil('the question', () => api.received.length === 1, { intervalMs: 5 });
    impatient.abort();
    for (const one of all) await assert.rejects(one, { name: 'AbortError' });
    await waitUntil('the end of the question', () => held.closed() === 1, { intervalMs: 5 });
    assert.deepEqual(reports, []);
  });

  it('is not put for one who has left before', async (t) => {
    const { api, reviewer, reports } = await startAccessReviewer(t);
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(reviewer.review(carol, about(), { ...inAMinute(), signal }), /enough/);
    assert.deepEqual([api.received.length, reports.length], [0, 0]);
  });
});

describe('an API server that gives no answer', () => {
  it('is not waited for beyond the deadline, nor beyond the own limit', async (t) => {
    const { api, reviewer, reports } = await startAccessReviewer(t, { timeoutMs: 60 });
    const held = hold(api);
    for (const patience of [30, minute]) {
      const deadline = Date.now() + patience;
      const denial = await denialOf(() => reviewer.review(carol, about(), { deadline }));
      assertUnavailable(denial, /in time/);
    }
    await waitUntil('the end of both', () => held.closed() === 2, { intervalMs: 5 });
    assert.deepEqual(
      reports.map(({ outcome, cache }) => [outcome, cache]),
      [
        ['error', 'miss'],
        ['error', 'miss'],
      ],
    );
  });

  it('is asked nothing once the deadline has passed', async (t) => {
    const { api, reviewer } = await startAccessReviewer(t);
    const deadline = Date.now() - 1;
    const denial = await denialOf(() => reviewer.review(carol, about(), { deadline }));
    assertUnavailable(denial, /in time/);
    assert.equal(api.received.length, 0);
  });

  it('is one that drips', async (t) => {
    const { api, reviewer } = await startAccessReviewer(t, { timeoutMs: 100 });
    api.answerWith((_, response) => {
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    });
    const denial = await denialOf(() => reviewer.review(carol, about(), inAMinute()));
    assertUnavailable(denial, /in time/);
  });

  it('is one that is not there, and is asked again when it is', async (t) => {
    const { api, review } = await startAccessReviewer(t);
    pointTo(api, `https://127.0.0.1:${await freePort()}`);
    const denial = await denialOf(() => review());
    assertUnavailable(denial, /ECONNREFUSED/);
    assert.match(denial.message, /can't be asked about access at the moment/);
    pointTo(api, api.url);
    assert.equal((await review()).allowed, true);
  });
});

interface Held {
  /** Answers yes to all who wait, and to those who come. */
  release(): void;
  /** Of how many the stream has ended. */
  closed(): number;
}

/** The API server takes questions and says nothing. */
function hold(api: { answerWith(answerer: Answerer): void }): Held {
  const released = Promise.withResolvers<void>();
  let closed = 0;
  api.answerWith((received, response, request) => {
    response.on('close', () => (closed += 1));
    const say = verdict({ allowed: true });
    void released.promise.then(() => response.writable && say(received, response, request));
  });
  return { release: () => released.resolve(), closed: () => closed };
}
