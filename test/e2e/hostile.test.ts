/**
 * Hostile requests through the real Envoy to the real API server. The API server's own audit log is the judge: whatever
 * arrives there by the proxy's credential is impersonating the user of its own token, and nobody else.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { aliceGroups, mintForAlice } from '../../lab/alice.ts';
import { readAudit, type KubeAuditEvent } from '../../lab/audit-log.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { hostileRequests, type HostileRequest } from '../support/hostile-requests.ts';
import { hostileTokens } from '../support/hostile-tokens.ts';
import { hiddenRequests } from '../support/hidden-requests.ts';
import {
  sendBytes,
  sendHttp1,
  sendHttp2,
  type RawAnswer,
  type RawRequest,
} from '../support/raw-client.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const pods = '/api/v1/namespaces/default/pods';

/** What the server asks the API server by itself. */
const ownQuestions: readonly (string | undefined)[] = [
  '/apis/authorization.k8s.io/v1/subjectaccessreviews',
  '/api/v1/namespaces/payments/serviceaccounts/deployer/token',
];

describe('through Envoy', () => {
  let quickstart: Quickstart;
  let ca: string;
  let token: string;
  before(async () => {
    quickstart = await startTemporaryQuickstart();
    ca = readFileSync(quickstart.files.ca, 'utf8');
    ({ token } = await mintForAlice(quickstart.issuer));
  });
  after(() => quickstart.stop());

  let sent = 0;

  /** Sends a request under a name of its own, and returns what the API server says came of it. */
  async function send(
    { path = pods, lines = [], ...rest }: Partial<RawRequest>,
    http2: boolean,
  ): Promise<{ readonly answer: RawAnswer; readonly arrived: readonly KubeAuditEvent[] }> {
    const agent = `hostile/${(sent += 1)}`;
    const all = [['user-agent', agent] as const, ...lines];
    const request = { ...rest, url: quickstart.envoy.url, ca, path, lines: all };
    const answer = await (http2 ? sendHttp2(request) : sendHttp1(request));
    const arrived = readAudit(quickstart.files.apiServerAudit).filter(
      ({ userAgent }) => userAgent === agent,
    );
    return { answer, arrived };
  }

  function credentials(
    authorization: HostileRequest['authorization'] = ['Bearer GOOD'],
  ): RawRequest['lines'] {
    const unsigned = token.replace(/[^.]*$/, '');
    return authorization.map((text) => {
      const value = text.replace('GOOD', token).replace('UNSIGNED', unsigned);
      return ['authorization', value] as const;
    });
  }

  for (const http2 of [false, true]) {
    const requests = hostileRequests.filter(({ onlyHttp1 }) => !(http2 && onlyHttp1 === true));
    for (const { what, authorization, lines = [], ...request } of requests) {
      const status = http2 ? (request.http2Status ?? request.status) : request.status;
      const end = status === 0 ? 'a reset stream' : String(status);
      it(`${http2 ? 'HTTP/2' : 'HTTP/1.1'}: ${what} ends with ${end}`, async () => {
        const all = [...credentials(authorization), ...lines];
        const { answer, arrived } = await send({ ...request, lines: all }, http2);
        assert.equal(answer.status, status, answer.body);
        for (const event of arrived) assertAlice(event);
      });
    }

    for (const { what, status, reason, make } of hostileTokens) {
      it(`${http2 ? 'HTTP/2' : 'HTTP/1.1'}: ${what} is refused: ${reason}`, async () => {
        const lines = [['authorization', `Bearer ${await make(quickstart.issuer)}`]] as const;
        const { answer, arrived } = await send({ lines }, http2);
        const got = [answer.status, answer.headers['x-kube-ext-authz-reason']];
        assert.deepEqual(got, [status, reason], answer.body);
        assert.deepEqual(arrived, []);
      });
    }
  }

  for (const { what, bytes, answers } of hiddenRequests) {
    it(`a request hidden ${what} does not arrive`, async () => {
      const agent = `hidden/${(sent += 1)}`;
      const host = new URL(quickstart.envoy.url).host;
      const text = bytes({ token, agent, host, path: pods });
      const back = await sendBytes(quickstart.envoy.url, ca, Buffer.from(text));
      const statuses = [...back.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) =>
        Number(status),
      );
      assert.deepEqual(statuses, answers, back);
      const arrived = readAudit(quickstart.files.apiServerAudit);
      assert.ok(!arrived.some(({ userAgent }) => userAgent === agent));
    });
  }

  it('identities in the trailers of a request change nothing', async () => {
    const agent = `trailers/${(sent += 1)}`;
    const head = [
      `POST ${pods} HTTP/1.1`,
      'host: x',
      `authorization: Bearer ${token}`,
      `user-agent: ${agent}`,
      'content-type: application/json',
      'transfer-encoding: chunked',
      'trailer: Impersonate-User, Impersonate-Group',
    ];
    const body = ['2', '{}', '0', 'Impersonate-User: admin', 'Impersonate-Group: system:masters'];
    const bytes = Buffer.from([...head, '', ...body, '', ''].join('\r\n'));
    const back = await sendBytes(quickstart.envoy.url, ca, bytes);
    assert.match(back, /^HTTP\/1\.1 \d{3} /);
    const arrived = readAudit(quickstart.files.apiServerAudit).filter(
      ({ userAgent }) => userAgent === agent,
    );
    assert.equal(arrived.length, 1);
    for (const event of arrived) assertAlice(event);
  });

  it('a user with thousands of groups arrives with each of them', async () => {
    const groups = Array.from({ length: 3_000 }, (_, index) => `team-${index}`);
    const large = await quickstart.issuer.mint({ sub: 'many', uid: 'm', team: 'x', groups });
    for (const http2 of [false, true]) {
      const lines = [['authorization', `Bearer ${large}`]] as const;
      const { arrived } = await send({ lines }, http2);
      const [event] = arrived;
      assert.deepEqual(event?.impersonatedUser?.groups, [...groups, 'system:authenticated']);
    }
  });

  it('a good request gets through as ever', async () => {
    for (const http2 of [false, true]) {
      const lines = [['authorization', `Bearer ${token}`]] as const;
      const { answer, arrived } = await send({ lines }, http2);
      assert.equal(answer.status, 200, answer.body);
      assert.equal(arrived.length, 1);
      for (const event of arrived) assertAlice(event);
    }
  });

  it('a user with an unusual name arrives unchanged', async () => {
    const names = ['a,b', 'a b', 'größe', '日本', 'a"b\\c', '%0a', '{}', 'a:b', 'x'.repeat(4_000)];
    for (const name of names) {
      const groups = [name, `${name},${name}`];
      const good = await quickstart.issuer.mint({
        sub: name,
        groups,
        uid: name,
        team: [name, 'y'],
      });
      const { arrived } = await send({ lines: [['authorization', `Bearer ${good}`]] }, true);
      const [event] = arrived;
      assert.deepEqual(event?.impersonatedUser, {
        username: name,
        uid: name,
        groups: [...groups, 'system:authenticated'],
        extra: { 'example.com/team': [name, 'y'] },
      });
    }
  });

  it('nobody ever was the proxy itself, and all processes are the ones that were started', () => {
    const { server, envoy, cluster } = quickstart;
    assert.ok([server.process, envoy.process, cluster.apiServer].every((one) => one.alive()));
    const own = readAudit(quickstart.files.apiServerAudit).filter(
      ({ user }) => user.username === quickstart.state.serviceAccount,
    );
    assert.ok(own.length > 50, 'the audit log has what got through');
    const asItself = own.filter(
      ({ impersonatedUser, requestURI }) =>
        impersonatedUser === undefined && !ownQuestions.includes(requestURI),
    );
    assert.deepEqual(asItself, []);
  });

  it('no token is in any log', () => {
    const { files } = quickstart;
    const logs = [files.audit, files.serverLog, files.accessLog, files.envoyLog];
    const text = logs.map((file) => readFileSync(file, 'utf8')).join('\n');
    assert.ok(text.length > 10_000);
    assert.doesNotMatch(text, /eyJ[\w-]{8}/);
  });

  function assertAlice({ user, impersonatedUser, sourceIPs }: KubeAuditEvent): void {
    assert.equal(user.username, quickstart.state.serviceAccount);
    assert.equal(impersonatedUser?.username, 'alice');
    assert.deepEqual(impersonatedUser.groups, aliceGroups);
    assert.ok(sourceIPs && sourceIPs.length > 0);
  }
});
