/** What Envoy itself does with a request, before and after the decision. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { waitUntil } from '../../lab/process.ts';
import { startRig, type AuthzLink, type Rig } from '../support/envoy-rig.ts';
import { valuesOf } from '../support/recording-upstream.ts';
import { allow, decision } from '../support/replies.ts';

const refusedPaths = ['/api%2fv1', '/api%2Fv1', '/api/%5cv1', '/api/v1/%00'];

const normalizedPaths: readonly (readonly [asked: string, sent: string])[] = [
  ['/api//v1/pods', '/api/v1/pods'],
  ['/healthz/../api/v1/secrets?a=%2f', '/api/v1/secrets?a=%2f'],
  ['/api/v1/%2e%2e/v1/./pods', '/api/v1/pods'],
  ['/api\\v1', '/api/v1'],
];

const underscored = ['impersonate_user', 'Impersonate_Group', 'X_Remote_User', 'a_b'];

describe('Envoy at the edge', () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig();
  });
  after(() => rig.stop());

  it('believes no x-envoy-* header and no request id of a client', async () => {
    const lines = [
      ['x-envoy-upstream-rq-timeout-ms', '1'],
      ['x-envoy-original-path', '/version'],
      ['x-envoy-internal', 'true'],
      ['x-request-id', 'mine'],
    ] as const;
    const { upstream } = await rig.exchange('trust', { reply: allow(), lines });
    const seen = upstream[0]?.lines ?? [];
    const names = seen.map(([name]) => name).filter((name) => name.startsWith('x-envoy-'));
    assert.deepEqual(names, ['x-envoy-external-address']);
    assert.match(valuesOf(seen, 'x-request-id').join(), /^[0-9a-f-]{36}$/);
  });

  for (const path of refusedPaths) {
    it(`refuses the path ${path} before the check`, async () => {
      const { answer } = await rig.exchange(`path ${path}`, { reply: allow(), path });
      assert.equal(answer.status, 400);
      assert.equal(rig.stub.checksOf(`path ${path}`), 0);
    });
  }

  for (const [asked, sent] of normalizedPaths) {
    it(`asks for ${asked} by its plain name`, async () => {
      const { upstream } = await rig.exchange(asked, { reply: allow(), path: asked });
      assert.deepEqual(
        upstream.map(({ path }) => path),
        [sent],
      );
    });
  }

  for (const name of underscored) {
    it(`refuses a header called ${name} before the check`, async () => {
      const options = { reply: allow(), lines: [[name, 'admin']] as const };
      const { answer, upstream } = await rig.exchange(`header ${name}`, options);
      assert.equal(answer.status, 400);
      assert.deepEqual(upstream, []);
    });
  }

  it('refuses upgrades that Kubernetes has no use for', async () => {
    const lines = [
      ['upgrade', 'something'],
      ['connection', 'Upgrade'],
    ] as const;
    const { answer, upstream } = await rig.exchange('something', { reply: allow(), lines });
    assert.equal(answer.status, 403);
    assert.deepEqual(upstream, []);
  });

  it('has large tokens and many lines checked', async () => {
    const token = `Bearer ${'x'.repeat(128 * 1024)}`;
    const groups = Array.from({ length: 500 }, (_, i) => ['impersonate-group', `g${i}`] as const);
    const lines = [['authorization', token] as const, ...groups];
    const { answer } = await rig.exchange('large', { reply: allow(), lines });
    assert.equal(answer.status, 200);
  });

  it('logs who was let in and why somebody was not, but no credential', async () => {
    const lines = [['authorization', 'Bearer secret-of-the-client']] as const;
    await rig.exchange('logged', { reply: allow(), path: '/logged', lines });
    await rig.exchange('not logged in', { reply: {}, path: '/refused', lines });
    const log = await waitUntil('the access log', () => completeLog(rig.accessLog));
    const entries = log.trim().split('\n').map(parseEntry);
    const allowed = entries.find(({ path }) => path === '/logged');
    assert.deepEqual(allowed?.['decision'], decision);
    assert.equal(allowed['auditID'], decision.auditID);
    assert.match(String(allowed['requestID']), /^[0-9a-f-]{36}$/);
    const refused = entries.find(({ path }) => path === '/refused');
    assert.deepEqual([refused?.['status'], refused?.['reason']], [403, 'no_decision']);
    assert.doesNotMatch(log, /secret-of-the-client|proxy-token|bearer/i);
  });

  it("can't be changed at run time", async () => {
    const url = `${rig.envoy.adminUrl}/runtime_modify?a=b`;
    assert.equal((await fetch(url, { method: 'POST' })).status, 503);
  });
});

const links: readonly (readonly [name: string, link: AuthzLink])[] = [
  ['a Unix socket', 'unix'],
  ['TLS with certificates on both sides', 'tls'],
];

for (const [name, link] of links) {
  it(`Envoy reaches kube-ext-authz by ${name}`, async (t) => {
    const rig = await startRig({ link });
    t.after(() => rig.stop());
    const { answer } = await rig.exchange(name, { reply: allow() });
    assert.equal(answer.status, 200);
  });
}

function completeLog(file: string): string | undefined {
  const text = readFileSync(file, 'utf8');
  return text.includes('/refused') && text.includes('/logged') ? text : undefined;
}

function parseEntry(line: string): Readonly<Record<string, unknown>> {
  const entry: unknown = JSON.parse(line);
  assert.ok(typeof entry === 'object' && entry !== null);
  return { ...entry };
}
