/** Check by a real gRPC client: what is allowed and how, what is denied and why, what is told of it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createSigningKey, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Question, Reply } from '../support/check-client.ts';
import { fetchText, ownToken, startRunningApp, type RunningApp } from '../support/running-app.ts';

const alice = {
  sub: 'alice',
  uid: 'u-1',
  groups: ['dev', 'cn=ops,ou=groups,dc=example', 'größe'],
  team: ['blue', 'green,red'],
  jti: 'one',
};

const aliceHeaders = {
  'impersonate-user': ['alice'],
  'impersonate-uid': ['u-1'],
  'impersonate-group': ['dev', 'cn=ops,ou=groups,dc=example', 'größe', 'system:authenticated'],
  'impersonate-extra-example.com%2fteam': ['blue', 'green,red'],
  'impersonate-extra-authentication.kubernetes.io%2fcredential-id': ['JTI=one'],
};

interface Refusal {
  readonly what: string;
  readonly reason: string;
  readonly status: number;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly token?: (issuer: Issuer) => Promise<string>;
  readonly question?: Question;
}

const inAnHour = Math.floor(Date.now() / 1000) + 3600;

const refusals: readonly Refusal[] = [
  { what: 'no token', reason: 'token_missing', status: 401, token: async () => '' },
  {
    what: 'a token that is no JWT',
    reason: 'token_malformed',
    status: 401,
    token: async () => 'abc',
  },
  {
    what: 'a token of 65 KiB',
    reason: 'token_too_large',
    status: 401,
    token: async () => 'a'.repeat(65 * 1024),
  },
  {
    what: 'a token of another issuer',
    reason: 'issuer_unknown',
    status: 401,
    claims: { iss: 'https://other.example' },
  },
  {
    what: 'a token for another audience',
    reason: 'token_audience',
    status: 401,
    claims: { aud: 'other' },
  },
  { what: 'a token that has expired', reason: 'token_expired', status: 401, claims: { exp: 1 } },
  {
    what: 'a token without an end',
    reason: 'token_claim',
    status: 401,
    claims: { exp: undefined },
  },
  {
    what: 'a token for later',
    reason: 'token_not_yet_valid',
    status: 401,
    claims: { nbf: inAnHour },
  },
  {
    what: "a token signed with a stranger's key under the issuer's kid",
    reason: 'token_signature',
    status: 401,
    token: async (issuer) => {
      const key = { ...(await createSigningKey('RS256')), kid: issuer.key.kid };
      return issuer.mint({ sub: 'alice' }, { key });
    },
  },
  {
    what: 'a token signed with a key nobody published',
    reason: 'token_key_unknown',
    status: 401,
    token: async (issuer) =>
      issuer.mint({ sub: 'alice' }, { key: await createSigningKey('RS256') }),
  },
  {
    what: 'a blank group',
    reason: 'name_not_carriable',
    status: 403,
    claims: { groups: ['a', ' '] },
  },
  {
    what: 'groups in a nested list',
    reason: 'token_claim',
    status: 401,
    claims: { groups: [['a']] },
  },
  { what: 'a number as the user', reason: 'token_claim', status: 401, claims: { sub: 7 } },
  { what: 'a blank user', reason: 'token_claim', status: 401, claims: { sub: ' ' } },
  {
    what: 'a user of Kubernetes',
    reason: 'reserved_name',
    status: 403,
    claims: { sub: 'system:admin' },
  },
  {
    what: 'the group of masters',
    reason: 'reserved_name',
    status: 403,
    claims: { groups: ['system:masters'] },
  },
  {
    what: 'a group that would become the masters on the way',
    reason: 'name_not_carriable',
    status: 403,
    claims: { groups: [' system:masters'] },
  },
  {
    what: 'a user with a line break',
    reason: 'name_not_carriable',
    status: 403,
    claims: { sub: 'alice\r\nimpersonate-user: admin' },
  },
  {
    what: 'two Authorization lines',
    reason: 'authorization_ambiguous',
    status: 401,
    question: { lines: [['Authorization', 'Bearer x']] },
  },
  {
    what: 'two Authorization lines in one',
    reason: 'authorization_ambiguous',
    status: 401,
    question: { form: 'joined', lines: [['Authorization', 'Bearer x']] },
  },
  {
    what: 'impersonation, and no API server to ask',
    reason: 'review_unavailable',
    status: 503,
    question: { lines: [['Impersonate-User', 'b']] },
  },
  {
    what: 'a Connection header that names another',
    reason: 'connection_header',
    status: 400,
    question: { lines: [['connection', 'Upgrade, Impersonate-User']] },
  },
  {
    what: 'a header that is not UTF-8',
    reason: 'request_malformed',
    status: 400,
    question: { lines: [['upgrade', Buffer.of(0xff)]] },
  },
];

describe('a check', () => {
  let issuer: Issuer;
  let running: RunningApp;
  before(async () => {
    issuer = await startIssuer();
    running = await startRunningApp({ issuers: [issuer] });
  });
  after(async () => {
    await running.stop();
    await issuer.close();
  });

  async function ask(token: string, question: Question = {}): Promise<Reply> {
    const credential = token === '' ? [] : [['authorization', `Bearer ${token}`] as const];
    return running.client.check({ ...question, lines: [...credential, ...(question.lines ?? [])] });
  }

  for (const form of ['raw', 'joined'] as const) {
    it(`of a good token in ${form} headers is allowed as the user in it`, async () => {
      const reply = await ask(await issuer.mint(alice), { form, lines: [['X-Remote-User', 'x']] });
      const { 'audit-id': auditID, ...headers } = reply.headers;
      assert.equal(reply.status, 200, reply.body);
      assert.deepEqual(headers, {
        authorization: `Bearer ${ownToken}`,
        'impersonate-user': 'alice',
      });
      assert.deepEqual(reply.remove, ['x-remote-user']);
      const decision = { username: 'alice', issuer: 'issuer-0', actAs: 'impersonate', auditID };
      assert.deepEqual(reply.metadata, { headers: aliceHeaders, decision });
    });
  }

  it('of an upgrade sets a Connection header that names nothing else', async () => {
    const lines = [
      ['connection', 'upgrade'],
      ['upgrade', 'websocket'],
    ] as const;
    const reply = await ask(await issuer.mint(alice), { lines });
    assert.equal(reply.headers['connection'], 'Upgrade');
  });

  it('takes a token out of the WebSocket subprotocols, and leaves the others', async () => {
    const token = Buffer.from(await issuer.mint(alice)).toString('base64url');
    const offered = `base64url.bearer.authorization.k8s.io.${token}, v5.channel.k8s.io`;
    const reply = await ask('', {
      lines: [
        ['upgrade', 'websocket'],
        ['connection', 'upgrade'],
        ['sec-websocket-protocol', offered],
      ],
    });
    assert.equal(reply.status, 200, reply.body);
    assert.equal(reply.headers['sec-websocket-protocol'], 'v5.channel.k8s.io');
  });

  for (const { what, reason, status, claims = {}, token, question = {} } of refusals) {
    it(`with ${what} is denied with ${status} and says ${reason}`, async () => {
      const text = token ? await token(issuer) : await issuer.mint({ ...alice, ...claims });
      const reply = await ask(text, question);
      assert.deepEqual([reply.status, reply.reason], [status, reason], reply.body);
      assert.notEqual(reply.response.status.code, 0);
      assert.equal(reply.response.ok_response ?? undefined, undefined);
      assert.equal(reply.headers['www-authenticate'], status === 401 ? 'Bearer' : undefined);
      assertStatus(reply);
    });
  }

  it('of bytes that are no CheckRequest is denied', async () => {
    for (const bytes of [Buffer.from('ffffffff', 'hex'), Buffer.from('0aff', 'hex'), Buffer.of()]) {
      const reply = await running.client.checkBytes(bytes);
      assert.deepEqual([reply.status, reply.reason], [503, 'check_malformed']);
      assertStatus(reply);
    }
  });

  it('says why in plain text where kubectl asks first', async () => {
    for (const path of ['/api', '/apis?timeout=32s', '/version', '/api/']) {
      const reply = await ask('abc', { path });
      assert.equal(reply.headers['content-type'], 'text/plain; charset=utf-8');
      assert.match(reply.body, /^the bearer token is not a signed JWT/);
      assert.match(reply.headers['warning'] ?? '', /^299 - "the bearer token is not a signed JWT/);
    }
  });

  it('is one audit event and one count, which say the same, and nowhere is a token', async () => {
    const good = await issuer.mint({ ...alice, jti: 'audited' });
    const path = `/api/v1/namespaces/default/pods/p/log?token=${good}`;
    const lines = [
      ['x-request-id', 'request-1'],
      ['x-forwarded-for', '203.0.113.9'],
    ] as const;
    const reply = await ask(good, { path, lines });
    const events = await waitUntil('the audit event', () => {
      const all = running.events();
      return all.some(({ auditID }) => auditID === reply.headers['audit-id']) ? all : undefined;
    });
    const event = events.find(({ auditID }) => auditID === reply.headers['audit-id']);
    const { time, durationMs, inbound, outbound, ...rest } = event ?? {};
    assert.match(`${String(time)} ${typeof durationMs}`, /^\d{4}-\d\d-\d\dT.*Z number$/);
    assert.deepEqual(inbound, outbound);
    assert.deepEqual(rest, {
      msg: 'check',
      schemaVersion: 1,
      auditID: reply.headers['audit-id'],
      requestID: 'request-1',
      decision: 'allow',
      reason: '',
      method: 'GET',
      uri: '/api/v1/namespaces/default/pods/p/log?token=[token]',
      verb: 'get',
      resource: 'pods/log',
      apiGroup: '',
      namespace: 'default',
      name: 'p',
      source: { peer: '192.0.2.7', forwardedFor: '203.0.113.9' },
      issuer: 'issuer-0',
      actAs: 'impersonate',
    });
    const { text } = await fetchText(`${running.app.adminURL}/metrics`);
    const counted = [...text.matchAll(/^kube_ext_authz_checks_total\{.*\} (\d+)$/gm)];
    const total = counted.reduce((sum, [, count]) => sum + Number(count), 0);
    assert.equal(total, running.events().length);
    const everything = [JSON.stringify(events), running.logged(), text].join('\n');
    assert.doesNotMatch(everything, /eyJ|own-token/);
  });
});

function assertStatus({ body, status, headers }: Reply): void {
  assert.equal(headers['content-type'], 'application/json');
  const { message, reason, ...rest } = JSON.parse(body);
  assert.ok(typeof message === 'string' && message.length > 20, body);
  assert.ok(['BadRequest', 'Unauthorized', 'Forbidden', 'ServiceUnavailable'].includes(reason));
  assert.deepEqual(rest, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    code: status,
  });
}
