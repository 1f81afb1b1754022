/** Groups that a token keeps at another server over TLS: asked for once, with every limit, and the access token is told to nobody else. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { createAuthority, type Authority } from '../../lab/certificates.ts';
import { discoveryPath, jwksPath, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { DenyReason } from '../../src/denial/reasons.ts';
import type { Reply } from '../support/check-client.ts';
import { fetchText, startRunningApp, type RunningApp } from '../support/running-app.ts';

const secret = 'access-token-of-alice';
const hidden = 'hidden-in-the-url';

type Fault = readonly [
  what: string,
  handler: RequestListener,
  reason: DenyReason,
  logged: RegExp | undefined,
];

const faults: readonly Fault[] = [
  ['answers with 500', status(500), 'issuer_unavailable', /GET \S+\/claims\/0: the answer is 500"/],
  ['redirects', redirect, 'issuer_unavailable', /the answer is 302 \(redirects are not followed\)/],
  ['hangs up', (request) => request.socket.destroy(), 'issuer_unavailable', /socket hang up/],
  ['hangs up midway', hangUp, 'issuer_unavailable', /GET \S+\/claims\/3: aborted/],
  [
    'answers with 2 MiB',
    text('x'.repeat(2 ** 21)),
    'issuer_unavailable',
    /larger than 1048576 bytes/,
  ],
  ['wants another access token', status(401), 'token_claim', /the answer is 401/],
  ['knows nothing', status(404), 'token_claim', /the answer is 404/],
  ['answers with HTML', text('<html>Sign in</html>'), 'token_claim', undefined],
  ['gives the access token back', text(secret), 'token_claim', undefined],
];

describe('a source of groups', () => {
  const stops: (() => Promise<void> | void)[] = [];
  let login: Issuer;
  let keeper: Issuer;
  let running: RunningApp;
  let authority: Authority;
  before(async () => {
    authority = await createAuthority('issuers of distributed claims');
    login = await startIssuer({ authority });
    stops.push(() => login.close());
    keeper = await startIssuer({ authority });
    stops.push(() => keeper.close());
    const claimMappings = {
      username: { claim: 'sub', prefix: '' },
      groups: { claim: 'groups', prefix: '' },
    };
    running = await startRunningApp({ issuers: [login], entry: { claimMappings } });
    stops.push(() => running.stop());
  });
  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  /** A token whose groups are at a path of the keeper. */
  function mint(path: string, base = keeper.url): Promise<string> {
    const source = { endpoint: `${base}${path}?${hidden}`, access_token: secret };
    const names = { _claim_names: { groups: 'a' }, _claim_sources: { a: source } };
    return login.mint({ sub: 'alice', ...names });
  }
  async function serveGroups(path: string, issuer = keeper): Promise<void> {
    keeper.replaceHandler(path, text(await issuer.mint({ groups: ['dev', 'ops'] })));
  }

  it('has its first tokens refused with 503 until the keys of its issuer are there, then it is believed', async () => {
    const answered = Promise.withResolvers<void>();
    keeper.replaceHandler(jwksPath, (_request, response) => {
      void answered.promise.finally(() => {
        keeper.replaceHandler(jwksPath, undefined);
        response.writeHead(500).end();
      });
    });
    await serveGroups('/claims/first');
    const token = await mint('/claims/first');
    const reply = await ask(running, token);
    assert.deepEqual([reply.status, reply.reason], [503, 'issuer_unavailable']);
    assert.match(reply.body, /are not at hand, so the groups can't be checked; try again/);
    answered.resolve();
    const allowed = await waitUntil('the token to be taken', async () => {
      const again = await ask(running, token);
      return again.status === 200 ? again : undefined;
    });
    assert.deepEqual(groupsOf(allowed), ['dev', 'ops', 'system:authenticated']);
    assert.match(
      running.logged(),
      /"issuer":"issuer-0","claimIssuer":"https:[^}]*could not be had/,
    );
    assert.match(running.logged(), /"issuer":"issuer-0","claimIssuer":"https:[^}]*are at hand/);
  });

  it("may have its answers signed by the token's own issuer, whose keys are there", async () => {
    const asked = login.requests.get(discoveryPath);
    await serveGroups('/claims/own', login);
    const reply = await ask(running, await mint('/claims/own'));
    assert.deepEqual(groupsOf(reply), ['dev', 'ops', 'system:authenticated']);
    assert.equal(login.requests.get(discoveryPath), asked);
  });

  it('is asked with the access token, and once for many checks of one token', async () => {
    const answer = await login.mint({ groups: ['dev'] });
    const seen: unknown[] = [];
    keeper.replaceHandler('/claims/once', ({ method, url, headers }, response) => {
      seen.push([method, url, headers.authorization]);
      response.end(answer);
    });
    const token = await mint('/claims/once');
    const replies = await Promise.all(Array.from({ length: 50 }, () => ask(running, token)));
    assert.ok(replies.every((reply) => reply.status === 200));
    assert.equal((await ask(running, token)).status, 200);
    assert.deepEqual(seen, [['GET', `/claims/once?${hidden}`, `Bearer ${secret}`]]);
  });

  for (const [index, [what, handler, reason, logged]] of faults.entries()) {
    it(`that ${what} has its tokens refused with ${reason}, until it doesn't`, async () => {
      const path = `/claims/${index}`;
      keeper.replaceHandler(path, handler);
      const token = await mint(path);
      const reply = await ask(running, token);
      const expected = reason === 'token_claim' ? 401 : 503;
      assert.deepEqual([reply.status, reply.reason], [expected, reason]);
      if (logged) assert.match(running.logged(), logged);
      await serveGroups(path, login);
      assert.equal((await ask(running, token)).status, 200);
    });
  }

  it('that redirects has the access token go nowhere else', () => {
    assert.equal(keeper.requests.get('/moved'), undefined);
  });

  it('that stalls is given up on before Envoy gives up on us', async () => {
    keeper.replaceHandler('/claims/stalls', () => undefined);
    const lines = [['authorization', `Bearer ${await mint('/claims/stalls')}`]] as const;
    const reply = await running.client.check({ lines, timeoutMs: 1_500 });
    assert.deepEqual([reply.status, reply.reason], [503, 'deadline_exceeded']);
  });

  it('whose certificate is of another authority is told nothing', async (t) => {
    const stranger = await startIssuer();
    t.after(() => stranger.close());
    const reply = await ask(running, await mint('/claims/x', stranger.url));
    assert.deepEqual([reply.status, reply.reason], [503, 'issuer_unavailable']);
    assert.equal(stranger.requests.size, 0);
    assert.match(running.logged(), /\/claims\/x: .*certificate/);
  });

  it('that is not there has its tokens refused', async () => {
    const dead = await startIssuer({ authority });
    await dead.close();
    const reply = await ask(running, await mint('/claims/x', dead.url));
    assert.deepEqual([reply.status, reply.reason], [503, 'issuer_unavailable']);
    assert.match(running.logged(), /ECONNREFUSED/);
  });

  it('has its access tokens and its answers told to no log, no audit and no metric', async () => {
    const { text: metrics } = await fetchText(`${running.app.adminURL}/metrics`);
    const { text: ready } = await running.readyz();
    const told = [running.logged(), JSON.stringify(running.events()), metrics, ready].join('\n');
    assert.match(told, /claims\/0/);
    for (const part of [secret, hidden, 'eyJ']) assert.ok(!told.includes(part), part);
  });
});

const shown = z.object({ headers: z.record(z.string(), z.array(z.string())) });

function ask(running: RunningApp, token: string): Promise<Reply> {
  return running.client.check({ lines: [['authorization', `Bearer ${token}`]] });
}

function groupsOf({ status: code, body, metadata }: Reply): unknown {
  assert.equal(code, 200, body);
  return shown.parse(metadata).headers['impersonate-group'];
}

function text(body: string, code = 200): RequestListener {
  return (_request, response) => response.writeHead(code).end(body);
}

function status(code: number): RequestListener {
  return text('', code);
}

function hangUp(
  request: Parameters<RequestListener>[0],
  response: Parameters<RequestListener>[1],
): void {
  response.writeHead(200, { 'content-length': '100' }).write('x');
  setImmediate(() => request.socket.destroy());
}

function redirect(
  request: Parameters<RequestListener>[0],
  response: Parameters<RequestListener>[1],
): void {
  response.writeHead(302, { location: `https://${request.headers.host}/moved` }).end();
}
