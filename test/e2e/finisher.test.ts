/** envoy/finisher.lua in a real Envoy: it writes what was decided, and without a decision nothing passes. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startRig, type Exchange, type ExchangeOptions, type Rig } from '../support/envoy-rig.ts';
import { malformedMetadata } from '../support/malformed-metadata.ts';
import { valuesOf, type SeenRequest } from '../support/recording-upstream.ts';
import {
  aliceMetadata,
  allow,
  allowAsServiceAccount,
  allowWith,
  decision,
  groups,
} from '../support/replies.ts';

const websocket = { lines: [upgradeTo('websocket'), connection('Upgrade')] };
const spdy = { lines: [upgradeTo('SPDY/3.1'), connection('Upgrade')] };

const ways: readonly (readonly [way: string, options: ExchangeOptions, upstream: string])[] = [
  ['an HTTP/1.1 request', {}, '2.0'],
  ['an HTTP/2 request', { http2: true }, '2.0'],
  ['a POST', { method: 'POST', lines: [['content-length', '0']] }, '2.0'],
  ['a WebSocket upgrade', websocket, '1.1'],
  ['a SPDY upgrade', spdy, '1.1'],
];

/** What a client may try; none of it is for the API server to see. */
const smuggled: readonly (readonly [name: string, value: string])[] = [
  ['Impersonate-User', 'admin'],
  ['IMPERSONATE-USER', 'admin'],
  ['impersonate-user', ''],
  ['Impersonate-Group', 'system:masters'],
  ['impersonate-group', 'system:masters'],
  ['iMpErSoNaTe-GrOuP', 'system:masters,dev'],
  ['Impersonate-Uid', '0'],
  ['Impersonate-Extra-Scopes', 'all'],
  ['impersonate-extra-%73copes', 'all'],
  ['Impersonate-Extra-Team%2Fname', 'red'],
  ['Impersonate-', 'x'],
  ['Impersonate-Anything', 'x'],
  ['X-Remote-User', 'admin'],
  ['X-Remote-Group', 'system:masters'],
  ['X-Remote-Uid', '0'],
  ['x-remote-extra-scopes', 'all'],
];

/** Replies whose headers and metadata disagree. */
const mismatches: readonly (readonly [fault: string, reply: object])[] = [
  ['there is no credential', allowWith({ authorization: undefined })],
  ['the credential is empty', allowWith({ authorization: '' })],
  ['the credential is no bearer token', allowWith({ authorization: 'Basic YTpi' })],
  ['there are two credentials', allowWith({ authorization: 'Bearer a,Bearer b' })],
  ['the user is not set', allowWith({ 'impersonate-user': undefined })],
  ['the user is set to nothing', allowWith({ 'impersonate-user': '' })],
  ['the user is somebody else', allowWith({ 'impersonate-user': 'bob' })],
  ['the user differs by case', allowWith({ 'impersonate-user': 'Alice' })],
  ['the user is removed again', allow({ remove: ['impersonate-user'] })],
  ['the credential is removed again', allow({ remove: ['Authorization'] })],
  [
    'a user is set for the service account',
    allow({ metadata: { headers: {}, decision: { ...decision, actAs: 'serviceAccount' } } }),
  ],
];

const undecided: readonly (readonly [fault: string, reply: object])[] = [
  ['an empty CheckResponse', {}],
  ['OK and nothing else', { status: { code: 0 } }],
  ['OK with headers but no metadata', { ...allow(), dynamic_metadata: undefined }],
  ['OK with empty metadata', allow({ metadata: {} })],
  ["OK with somebody else's metadata", allow({ metadata: { user: 'alice', groups: ['dev'] } })],
];

describe('the finisher', () => {
  let rig: Rig;
  let envoyPid = 0;
  let expected = 0;
  before(async () => {
    rig = await startRig();
    envoyPid = rig.envoy.process.pid;
  });
  after(() => rig.stop());

  for (const [way, options, protocol] of ways) {
    it(`sends every value of a list as a line of its own with ${way}`, async () => {
      const name = `lines of ${way}`;
      const seen = reached(await rig.exchange(name, { ...options, reply: allow() }));
      expected += 1;
      assert.equal(seen.protocol, protocol);
      assertAlice(seen);
    });
  }

  it('sends several hundred groups', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `team-${index}`);
    const headers = { 'impersonate-user': ['alice'], 'impersonate-group': many };
    const reply = allow({ metadata: { headers, decision } });
    const seen = reached(await rig.exchange('many groups', { reply }));
    expected += 1;
    assert.deepEqual(valuesOf(seen.lines, 'impersonate-group'), many);
  });

  it('sends empty groups and extras', async () => {
    const headers = {
      'impersonate-user': ['alice'],
      'impersonate-group': ['', 'dev', ''],
      'impersonate-extra-team': [''],
    };
    const reply = allow({ metadata: { headers, decision } });
    const seen = reached(await rig.exchange('empty values', { reply }));
    expected += 1;
    for (const [name, values] of Object.entries(headers)) {
      assert.deepEqual(valuesOf(seen.lines, name), values);
    }
  });

  it('sends no user with a decision to act as the service account', async () => {
    const lines = smuggled.filter(([name]) => name.toLowerCase() !== 'impersonate-user');
    const options = { lines, reply: allowAsServiceAccount() };
    const seen = reached(await rig.exchange('service account', options));
    expected += 1;
    assert.deepEqual(identityLines(seen), []);
    assert.deepEqual(valuesOf(seen.lines, 'authorization'), ['Bearer proxy-token']);
  });

  it('refuses to act as the service account for somebody who asks to be a user', async () => {
    const options = { lines: smuggled, reply: allowAsServiceAccount() };
    assertRefused(await rig.exchange('asking service account', options), 'decision_mismatch');
  });

  for (const [way, options] of ways) {
    it(`strips what the client says about identity from ${way}`, async () => {
      const lines = [...(options.lines ?? []), ...smuggled, ['authorization', 'Bearer x'] as const];
      const name = `smuggling in ${way}`;
      const seen = reached(await rig.exchange(name, { ...options, lines, reply: allow() }));
      expected += 1;
      assertAlice(seen);
    });
  }

  for (const [fault, reply] of undecided) {
    it(`refuses a request that passed by ${fault}`, async () => {
      const lines = [['authorization', 'Bearer client']] as const;
      assertRefused(await rig.exchange(fault, { reply, lines }), 'no_decision');
    });
  }

  for (const [fault, reply] of mismatches) {
    it(`refuses a reply in which ${fault}`, async () => {
      assertRefused(await rig.exchange(fault, { reply }), 'decision_mismatch');
    });
  }

  it('refuses every malformed decision', async () => {
    for (const [index, [fault, metadata]] of malformedMetadata.entries()) {
      const exchange = await rig.exchange(`malformed ${index}`, { reply: allow({ metadata }) });
      assertRefused(exchange, 'decision_malformed', fault);
    }
  });

  it('says so as metav1.Status, and as text where kubectl shows nothing else', async () => {
    const paths = { '/api': 'text/plain; charset=utf-8', '/api/v1': 'application/json' };
    for (const [path, type] of Object.entries(paths)) {
      const { answer } = await rig.exchange(path, { reply: {}, path: `${path}?timeout=32s` });
      assert.equal(answer.headers['content-type'], type);
      const message = path === '/api' ? answer.body : messageOf(answer.body);
      assert.match(message, /^Envoy let this request pass without a decision of kube-ext-authz/);
    }
  });

  it('let nothing else reach the upstream, and Envoy is the one that was started', async () => {
    assert.equal(rig.upstream.all().length, expected);
    assert.equal(rig.envoy.process.alive(), true);
    assert.equal(rig.envoy.process.pid, envoyPid);
  });
});

function reached({ answer, upstream }: Exchange): SeenRequest {
  const [seen, ...more] = upstream;
  assert.ok(seen, `nothing reached the upstream: ${answer.status} ${answer.body}`);
  assert.equal(more.length, 0);
  return seen;
}

function assertRefused({ answer, upstream }: Exchange, reason: string, what?: string): void {
  assert.deepEqual(upstream, [], what);
  const got = [answer.status, answer.headers['x-kube-ext-authz-reason']];
  assert.deepEqual(got, [403, reason], what);
}

function assertAlice({ lines }: SeenRequest): void {
  assert.deepEqual(valuesOf(lines, 'authorization'), ['Bearer proxy-token']);
  assert.deepEqual(valuesOf(lines, 'audit-id'), [decision.auditID]);
  assert.deepEqual(valuesOf(lines, 'impersonate-group'), groups);
  for (const [name, values] of Object.entries(aliceMetadata.headers)) {
    assert.deepEqual(valuesOf(lines, name), values);
  }
  const count = Object.values(aliceMetadata.headers).flat().length;
  assert.equal(identityLines({ lines }).length, count);
}

/** Everything that has to do with who somebody is, in any spelling. */
function identityLines({ lines }: Pick<SeenRequest, 'lines'>): readonly string[] {
  return lines.map(([name]) => name).filter((name) => /impersonate|x[-_]remote/i.test(name));
}

function messageOf(body: string): string {
  const parsed: unknown = JSON.parse(body);
  assert.ok(typeof parsed === 'object' && parsed !== null && 'message' in parsed);
  const { message, ...rest } = { ...parsed };
  assert.deepEqual(rest, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: 'Forbidden',
    code: 403,
  });
  assert.ok(typeof message === 'string');
  return message;
}

function upgradeTo(protocol: string): readonly [string, string] {
  return ['Upgrade', protocol];
}

function connection(value: string): readonly [string, string] {
  return ['Connection', value];
}
