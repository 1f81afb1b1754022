/** /metrics for those alone whom the API server lets get it. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { waitUntil } from '../../lab/wait.ts';
import { createClusterAccess } from '../../src/kube/cluster-access.ts';
import type { ReviewReport } from '../../src/kube/review-report.ts';
import { createMetricsAccess, type MetricsAccessSettings } from '../../src/metrics-access.ts';
import { accessAnswer } from '../support/access-reviews.ts';
import {
  answerJson,
  answerText,
  reviewAnswer,
  startFakeApiServer,
  type FakeApiServer,
  type Received,
} from '../support/fake-api-server.ts';
import { startRunningApp } from '../support/running-app.ts';

const prometheus = 'system:serviceaccount:monitoring:prometheus-k8s';
const path = { path: '/metrics', verb: 'get' };

/** Tokens are names of accounts, `bad` is nobody's, and Prometheus alone has the right. */
function answer({ url, text }: Received, response: ServerResponse): void {
  const { spec } = JSON.parse(text);
  if (url.includes('subjectaccessreviews')) {
    return answerJson(response, 201, accessAnswer({ allowed: spec.user === prometheus }));
  }
  const user = { username: `system:serviceaccount:monitoring:${spec.token}` };
  const isGood = !String(spec.token).startsWith('bad');
  answerJson(response, 201, reviewAnswer(isGood ? { user } : { authenticated: false, user: {} }));
}

async function startApi(t: TestContext): Promise<FakeApiServer> {
  const api = await startFakeApiServer();
  t.after(() => api.stop());
  api.answerWith(answer);
  return api;
}

/** The server itself, whose configuration has the key. */
async function startServer(t: TestContext, api: FakeApiServer) {
  const { app, stop } = await startRunningApp({
    issuers: [],
    config: {
      kubernetes: { kubeconfig: api.kubeconfig, token: { file: 'token' } },
      tokenReview: {},
      admin: { address: '127.0.0.1:0', metrics: { authorize: true } },
    },
  });
  t.after(stop);
  return async (headers: Readonly<Record<string, string>> = {}, door = 'metrics') => {
    const response = await fetch(`${app.adminURL}/${door}`, { headers });
    const { status } = response;
    return { status, text: await response.text(), headers: response.headers };
  };
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

function questions(api: FakeApiServer): readonly string[] {
  return api.received.map(({ url }) => url.split('/').at(-1) ?? '');
}

describe('/metrics of a server that asks who reads them', () => {
  it('are for an account with the right, and the API server is asked just that', async (t) => {
    const api = await startApi(t);
    const get = await startServer(t, api);
    const { status, text, headers } = await get(bearer('prometheus-k8s'));
    assert.equal(status, 200);
    assert.match(String(headers.get('content-type')), /^text\/plain; version=/);
    assert.match(text, /^kube_ext_authz_ready 1$/m);
    assert.match(text, /reviews_total{kind="TokenReview",outcome="allowed",cache="miss"} 1$/m);
    const [review, access] = api.received.map((one) => JSON.parse(one.text).spec);
    assert.deepEqual(review, { token: 'prometheus-k8s' });
    assert.deepEqual(access, { nonResourceAttributes: path, user: prometheus });
  });

  it('are asked about once for many scrapes', async (t) => {
    const api = await startApi(t);
    const get = await startServer(t, api);
    for (let scrape = 0; scrape < 5; scrape += 1) {
      assert.equal((await get(bearer('prometheus-k8s'))).status, 200);
    }
    assert.deepEqual(questions(api), ['tokenreviews', 'subjectaccessreviews']);
  });

  const refused: readonly (readonly [string, Readonly<Record<string, string>>, number, RegExp])[] =
    [
      ['no token', {}, 401, /send the bearer token/],
      ['another scheme', { authorization: 'Basic YTpi' }, 401, /has no bearer token/],
      ['an empty token', { authorization: 'Bearer ' }, 401, /has no bearer token/],
      ['two tokens', { authorization: 'Bearer a b' }, 401, /has no bearer token/],
      ['a bad token', bearer('bad'), 401, /does not know/],
      ['the token of another account', bearer('other'), 403, /monitoring:other has no right.*get/],
    ];
  it('are refused with a sentence that holds no metric', async (t) => {
    const api = await startApi(t);
    const get = await startServer(t, api);
    for (const [what, headers, status, says] of refused) {
      const answered = await get(headers);
      assert.equal(answered.status, status, what);
      assert.match(answered.text, says, what);
      assert.doesNotMatch(answered.text, /kube_ext_authz/, what);
      assert.equal(answered.headers.get('www-authenticate'), status === 401 ? 'Bearer' : null);
    }
    const asked = ['tokenreviews', 'tokenreviews', 'subjectaccessreviews'];
    assert.deepEqual(questions(api), asked, 'what can be no token is put to nobody');
  });

  it('are 503 while the API server can not be asked, and there again afterwards', async (t) => {
    const api = await startApi(t);
    const get = await startServer(t, api);
    api.answerWith((_, response) => answerText(response, 500, 'broken'));
    const broken = await get(bearer('prometheus-k8s'));
    assert.deepEqual([broken.status, /can't be asked/.test(broken.text)], [503, true]);
    api.answerWith((one, response) => {
      if (one.url.includes('tokenreviews')) answer(one, response);
      else answerText(response, 403, 'no right to ask');
    });
    assert.equal((await get(bearer('prometheus-k8s'))).status, 503);
    api.answerWith(answer);
    assert.equal((await get(bearer('prometheus-k8s'))).status, 200);
  });

  it('leave /livez and /readyz open, and ask nobody for them', async (t) => {
    const api = await startApi(t);
    const get = await startServer(t, api);
    assert.equal((await get({}, 'livez')).status, 200);
    assert.equal((await get({}, 'readyz')).status, 200);
    assert.deepEqual(questions(api), []);
  });
});

/** The judge by itself, with an API server of its own. */
async function startJudge(t: TestContext, settings: Partial<MetricsAccessSettings> = {}) {
  const api = await startApi(t);
  const reports: ReviewReport[] = [];
  const logged: string[] = [];
  const log = (fields: object, text: string): void =>
    void logged.push(JSON.stringify({ ...fields, text }));
  const { judge, stop } = createMetricsAccess({
    access: createClusterAccess(api.kubeconfig),
    onReview: (report) => void reports.push(report),
    log: { debug: log, info: log, warn: log, error: log },
    ...settings,
  });
  t.after(stop);
  const ask = async (token: string) => (await judge(`Bearer ${token}`))?.status ?? 200;
  return { api, ask, reports, logged };
}

describe('the judge of scrapes', () => {
  it('has a bound to how often bad tokens are put to the API server, which Prometheus does not feel', async (t) => {
    let ms = 0;
    const allowance = { burst: 3, perSecond: 1, now: () => ms };
    const { api, ask } = await startJudge(t, { allowance, allowCacheTtlMs: 0 });
    assert.equal(await ask('prometheus-k8s'), 200);
    const statuses = [];
    for (let flood = 0; flood < 50; flood += 1) statuses.push(await ask(`bad-${flood}`));
    assert.deepEqual(statuses, [401, 401, ...Array.from({ length: 48 }, () => 429)]);
    const before = api.received.length;
    assert.equal(await ask('prometheus-k8s'), 200);
    assert.equal(api.received.length, before + 2, 'nothing is remembered here');
    ms += 1_000;
    assert.deepEqual([await ask('bad'), await ask('bad')], [401, 429]);
  });

  it('counts a token that has become bad like any other bad one', async (t) => {
    const allowance = { burst: 2, perSecond: 0, now: () => 0 };
    const { api, ask } = await startJudge(t, { allowance, allowCacheTtlMs: 0 });
    assert.equal(await ask('prometheus-k8s'), 200);
    api.answerWith((_, response) =>
      answerJson(response, 201, reviewAnswer({ authenticated: false, user: {} })),
    );
    const statuses = [];
    for (let scrape = 0; scrape < 3; scrape += 1) statuses.push(await ask('prometheus-k8s'));
    assert.deepEqual(statuses, [401, 401, 429]);
  });

  it('learns of a right that was taken or given when it remembers no more', async (t) => {
    const ttl = { allowCacheTtlMs: 100, denyCacheTtlMs: 100 };
    const { api, ask } = await startJudge(t, ttl);
    const say = (allowed: boolean): void =>
      api.answerWith((one, response) => {
        if (one.url.includes('tokenreviews')) answer(one, response);
        else answerJson(response, 201, accessAnswer({ allowed }));
      });
    for (const [allowed, status] of [
      [true, 200],
      [false, 403],
      [true, 200],
    ] as const) {
      say(allowed);
      await waitUntil(`it to say ${status}`, async () => (await ask('prometheus-k8s')) === status);
    }
  });

  it('tells of each question to metrics, and of no token to the log', async (t) => {
    const { api, ask, reports, logged } = await startJudge(t);
    await ask('other');
    await ask('other');
    api.answerWith((_, response) => answerText(response, 500, 'broken'));
    await ask('secret-token');
    assert.deepEqual(
      reports.map(({ kind, outcome, cache }) => `${kind} ${outcome} ${cache}`),
      [
        'TokenReview allowed miss',
        'SubjectAccessReview denied miss',
        'TokenReview allowed hit',
        'SubjectAccessReview denied hit',
        'TokenReview error miss',
      ],
    );
    assert.equal(logged.length, 1);
    assert.match(String(logged), /the API server answered 500/);
    assert.doesNotMatch(String(logged), /secret/);
  });
});
