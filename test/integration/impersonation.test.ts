/** `--as` by a real gRPC client, with an API server that answers the reviews as each test wants it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Question, Reply } from '../support/check-client.ts';
import {
  answerJson,
  answerText,
  startFakeApiServer,
  type Answerer,
  type FakeApiServer,
  type Received,
} from '../support/fake-api-server.ts';
import { fetchText, startRunningApp, type RunningApp } from '../support/running-app.ts';

const asBob: Question['lines'] = [['Impersonate-User', 'bob']];

/** Answers that are no yes, whatever else they say. */
const doubtful: readonly (readonly [what: string, answer: Answerer])[] = [
  ['allowed and denied', says({ allowed: true, denied: true })],
  ['allowed, with a fault', says({ allowed: true, evaluationError: 'a webhook failed' })],
  ['allowed in words', says({ allowed: 'true' })],
  ['no status', (_, response) => answerJson(response, 201, { kind: 'SubjectAccessReview' })],
  ['another kind', (_, response) => answerJson(response, 201, { kind: 'Status' })],
  ['garbage', (_, response) => answerText(response, 201, '{"status":{"allowed":true')],
  ['nothing', (_, response) => answerText(response, 201, '')],
  ['an error', (_, response) => answerJson(response, 500, { status: { allowed: true } })],
  [
    'another place to ask',
    (_, response) => response.writeHead(307, { location: '/elsewhere' }).end(),
  ],
  ['no permission to ask', (_, response) => answerJson(response, 403, { kind: 'Status' })],
  ['a closed connection', (_, response) => response.destroy()],
];

describe('a check that asks for somebody else', () => {
  let issuer: Issuer;
  let api: FakeApiServer;
  let running: RunningApp;
  let names = 0;

  before(async () => {
    [issuer, api] = await Promise.all([startIssuer(), startFakeApiServer()]);
    const kubernetes = { kubeconfig: api.kubeconfig, token: { file: 'token' } };
    const impersonation = { maxHeaderValues: 30 };
    const config = { kubernetes, impersonation, extra: { static: { site: ['one'] } } };
    running = await startRunningApp({ issuers: [issuer], config });
  });

  afterEach(() => {
    api.answerWith(says({ allowed: true }));
  });

  after(async () => {
    await running.stop();
    await Promise.all([issuer.close(), api.stop()]);
  });

  /** A user of its own for each test: what one has done is not remembered for another. */
  async function ask(question: Question, sub = `user-${(names += 1)}`): Promise<Reply> {
    const token = await issuer.mint({ sub, groups: ['dev'], uid: 'u-1', team: 'pay' });
    const lines = [['authorization', `Bearer ${token}`] as const, ...(question.lines ?? [])];
    return running.client.check({ ...question, lines });
  }

  /** Lines are written behind the answer. */
  function eventOf({ headers }: Reply): Promise<Readonly<Record<string, unknown>>> {
    return waitUntil('the audit event', () =>
      running.events().find(({ auditID }) => auditID === headers['audit-id']),
    );
  }

  it('is allowed as whom it asks for, with the record of who asked', async () => {
    api.answerWith(says({ allowed: true }));
    const lines = [
      ...(asBob ?? []),
      ['Impersonate-Group', 'ops'],
      ['impersonate-UID', '7'],
    ] as const;
    const reply = await ask({ lines }, 'alice');
    assert.equal(reply.status, 200, reply.body);
    assert.equal(reply.headers['impersonate-user'], 'bob');
    assert.deepEqual(reply.remove, ['impersonate-group', 'impersonate-uid']);
    assert.deepEqual(JSON.parse(JSON.stringify(reply.metadata)).headers, {
      'impersonate-user': ['bob'],
      'impersonate-uid': ['7'],
      'impersonate-group': ['ops', 'system:authenticated'],
      'impersonate-extra-originaluser.jetstack.io-user': ['alice'],
      'impersonate-extra-originaluser.jetstack.io-groups': ['dev', 'system:authenticated'],
      'impersonate-extra-originaluser.jetstack.io-uid': ['u-1'],
      'impersonate-extra-originaluser.jetstack.io-extra': ['{"example.com/team":["pay"]}'],
      'impersonate-extra-site': ['one'],
    });
    const event = await eventOf(reply);
    assert.deepEqual(event['inbound'], {
      username: 'alice',
      uid: 'u-1',
      groups: ['dev', 'system:authenticated'],
      extra: { 'example.com/team': ['pay'] },
    });
    assert.deepEqual(JSON.parse(JSON.stringify(event['outbound'])).username, 'bob');
  });

  it('asks as the requester, with all that the token proves', async () => {
    const earlier = api.received.length;
    await ask({ lines: asBob }, 'alice-2');
    const specs = api.received.slice(earlier).map(specOf);
    assert.ok(specs.length > 0);
    for (const { user, uid, groups, extra } of specs) {
      assert.deepEqual(extra, { 'example.com/team': ['pay'] });
      assert.deepEqual([user, uid, groups], ['alice-2', 'u-1', ['dev', 'system:authenticated']]);
    }
  });

  it('is refused in kube-apiserver’s words', async () => {
    api.answerWith(says({ allowed: false, reason: 'no rule' }));
    const reply = await ask({ lines: asBob }, 'eve');
    assert.deepEqual([reply.status, reply.reason], [403, 'impersonation_denied']);
    assert.deepEqual(JSON.parse(reply.body), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'pods is forbidden: User "eve" cannot impersonate-on:user-info:list resource "pods" in API group "" at the cluster scope: no rule',
      reason: 'Forbidden',
      details: { kind: 'pods' },
      code: 403,
    });
    const event = await eventOf(reply);
    assert.deepEqual([event['decision'], event['outbound']], ['deny', undefined]);
  });

  it('waits for one round trip, however many groups it asks for', async () => {
    const waiting: (() => void)[] = [];
    api.answerWith((received, response) => {
      waiting.push(() => says({ allowed: true })(received, response, response.req));
    });
    const groups = Array.from(
      { length: 20 },
      (_, index) => ['Impersonate-Group', `g${index}`] as const,
    );
    const reply = ask({ lines: [...(asBob ?? []), ...groups] });
    // The constrained mode asks 1 + 1 + 1 + 20 questions, the legacy one 1 + 20.
    await waitUntil('all questions', async () => waiting.length === 44);
    for (const answer of waiting) answer();
    assert.equal((await reply).status, 200);
  });

  it('asks nobody about a group without a user', async () => {
    const earlier = api.received.length;
    const reply = await ask({ lines: [['Impersonate-Group', 'dev']] });
    assert.deepEqual([reply.status, reply.reason], [400, 'impersonation_malformed']);
    assert.equal(JSON.parse(reply.body).reason, 'BadRequest');
    assert.equal(api.received.length, earlier);
  });

  it('asks nobody about more values than it looks at', async () => {
    const earlier = api.received.length;
    const groups = Array.from({ length: 30 }, () => ['Impersonate-Group', 'g'] as const);
    const reply = await ask({ lines: [...(asBob ?? []), ...groups] });
    assert.deepEqual([reply.status, reply.reason], [431, 'impersonation_too_large']);
    assert.equal(api.received.length, earlier);
  });

  it('asks once for many that ask the same at the same time, and again for nobody', async () => {
    const earlier = api.received.length;
    const replies = Array.from({ length: 10 }, () => ask({ lines: asBob }, 'crowd'));
    assert.deepEqual(
      (await Promise.all(replies)).map(({ status }) => status),
      Array.from({ length: 10 }, () => 200),
    );
    const asked = api.received.length - earlier;
    assert.equal(asked, 3);
    await ask({ lines: asBob }, 'crowd');
    assert.equal(api.received.length - earlier, asked);
  });

  for (const [what, answer] of doubtful) {
    it(`is denied with 503 when the answer is ${what}, and asks again the next time`, async () => {
      api.answerWith(answer);
      const name = `doubt-${what}`;
      const reply = await ask({ lines: asBob }, name);
      assert.deepEqual([reply.status, reply.reason], [503, 'review_unavailable'], reply.body);
      api.answerWith(says({ allowed: true }));
      assert.equal((await ask({ lines: asBob }, name)).status, 200);
    });
  }

  it('is denied with 503 when there is no answer in time', async () => {
    const closed: Promise<unknown>[] = [];
    api.answerWith((_, response) => {
      closed.push(new Promise((resolve) => response.on('close', resolve)));
    });
    const reply = await ask({ lines: asBob, timeoutMs: 1_000 });
    assert.equal(reply.status, 503);
    assert.match(reply.reason, /^(review_unavailable|deadline_exceeded)$/);
    assert.ok(closed.length > 0);
    await Promise.all(closed);
  });

  it('gives the questions up when the client has gone', async () => {
    const closed: Promise<unknown>[] = [];
    api.answerWith((_, response) => {
      closed.push(new Promise((resolve) => response.on('close', resolve)));
    });
    const ending = new AbortController();
    const gone = assert.rejects(ask({ lines: asBob, signal: ending.signal }), { code: 1 });
    await waitUntil('the questions', async () => closed.length === 3);
    ending.abort();
    await gone;
    await Promise.all(closed);
  });

  it('shows in /readyz when our own access to the API server has a fault, and goes on', async () => {
    const good = readFileSync(api.kubeconfig, 'utf8');
    try {
      writeFileSync(api.kubeconfig, '{');
      assert.equal((await ask({ lines: asBob })).status, 200);
      const { status, text } = await running.readyz();
      assert.equal(status, 200, text);
      assert.match(text, /\[!\]kubernetes-access: .*last good version is used/);
    } finally {
      writeFileSync(api.kubeconfig, good);
    }
  });

  it('is counted by outcome, and by whether the answer was remembered', async () => {
    await ask({ lines: asBob }, 'counted');
    await ask({ lines: [...(asBob ?? []), ['Impersonate-Group', 'dev']] }, 'counted');
    api.answerWith(says({ allowed: false }));
    await ask({ lines: asBob });
    const metrics = await fetchText(`${running.app.adminURL}/metrics`);
    for (const labels of [
      'allowed",cache="miss"',
      'allowed",cache="hit"',
      'denied",cache="miss"',
    ]) {
      const line = `kube_ext_authz_reviews_total{kind="SubjectAccessReview",outcome="${labels}}`;
      assert.ok(metrics.text.includes(line), line);
    }
  });
});

interface Spec {
  readonly user: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

function specOf({ text }: Received): Spec {
  return JSON.parse(text).spec;
}

function says(status: Readonly<Record<string, unknown>>): Answerer {
  return ({ text }, response) =>
    answerJson(response, 201, {
      kind: 'SubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      spec: JSON.parse(text).spec,
      status,
    });
}
