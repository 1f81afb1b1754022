/** An issuer that is down, lies, stalls or changes its keys: its tokens wait outside, and nothing else is touched. */
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { discoveryPath, jwksPath, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Reply } from '../support/check-client.ts';
import { forgedToken } from '../support/forged-token.ts';
import { startRunningApp, type RunningApp } from '../support/running-app.ts';

const claims = { sub: 'alice', uid: '1', team: 'blue' };

type Fault = readonly [
  what: string,
  path: string,
  handler: (issuer: Issuer) => RequestListener,
  why: RegExp,
];

const faults: readonly Fault[] = [
  ['answers with HTML', discoveryPath, () => text('<html>Sign in</html>'), /not JSON/],
  ['answers discovery with 500', discoveryPath, () => text('{}', 500), /answer is 500/],
  ['redirects', discoveryPath, redirect, /302 \(redirects are not followed\)/],
  [
    'describes another issuer',
    discoveryPath,
    () => text('{"issuer":"https://x"}'),
    /another issuer/,
  ],
  ['names no key set', discoveryPath, ({ url }) => json({ issuer: url }), /no jwks_uri/],
  [
    'names a key set that is not fetched by HTTPS',
    discoveryPath,
    ({ url }) => json({ issuer: url, jwks_uri: 'http://127.0.0.1/jwks' }),
    /only https is fetched/,
  ],
  [
    'names a key set in a file',
    discoveryPath,
    ({ url }) => json({ issuer: url, jwks_uri: 'file:///etc/passwd' }),
    /only https is fetched/,
  ],
  ['has a key set in HTML', jwksPath, () => text('<html></html>'), /not JSON/],
  ['has a key set without keys', jwksPath, () => json({}), /no list of keys/],
  [
    'has a key of an unknown kind among its keys',
    jwksPath,
    () => json({ keys: [{ kty: 'AKP', kid: 'new' }] }),
    /key 1 of the key set can't be read \(its .*kty.* is unknown\)/,
  ],
  [
    'has a key set of 2 MiB',
    jwksPath,
    () => text('x'.repeat(2 ** 21)),
    /larger than 1048576 bytes/,
  ],
  ['hangs up', jwksPath, () => (request) => request.socket.destroy(), /GET https:.*\/jwks: ./],
];

describe('an issuer', () => {
  for (const [what, path, handler, why] of faults) {
    it(`that ${what} has its tokens refused with 503 until it doesn't`, async (t) => {
      const { issuer, running } = await start(t, (one) => one.replaceHandler(path, handler(one)));
      const token = await issuer.mint(claims);
      assertUnavailable(await ask(running, token));
      const { status, text: told } = await running.readyz();
      assert.equal(status, 200, 'an issuer that is down keeps nobody from being ready');
      assert.match(told, /^\[!\]issuer\/issuer-0: GET /m);
      assert.match(told, why);
      assert.match(running.logged(), why);
      issuer.replaceHandler(path, undefined);
      await waitUntil('the token to be taken', async () => {
        return (await ask(running, token)).status === 200;
      });
      assert.match((await running.readyz()).text, /^\[\+\]issuer\/issuer-0 ok$/m);
    });
  }

  it('that is not there leaves the tokens of the others alone', async (t) => {
    const dead = await startIssuer();
    await dead.close();
    const { issuer, running } = await start(t, () => undefined, [dead]);
    assertUnavailable(await ask(running, await dead.mint(claims)));
    assert.equal((await ask(running, await issuer.mint(claims))).status, 200);
    assert.match((await running.readyz()).text, /^\[!\]issuer\/issuer-1: .*ECONNREFUSED/m);
  });

  it('whose certificate is of another authority gets no tokens believed', async (t) => {
    const stranger = await startIssuer();
    t.after(() => stranger.close());
    const issuer = await startIssuer();
    t.after(() => issuer.close());
    const claimed = { ...issuer, url: issuer.url, caPem: stranger.caPem };
    const running = await startRunningApp({ issuers: [claimed] });
    t.after(() => running.stop());
    assertUnavailable(await ask(running, await issuer.mint(claims)));
    assert.match(running.logged(), /certificate/);
  });

  it('that stalls is given up on before Envoy gives up on us', async (t) => {
    const { issuer, running } = await start(t);
    issuer.replaceHandler(jwksPath, () => undefined);
    await issuer.rotateKeys();
    const token = await issuer.mint(claims);
    const lines = [['authorization', `Bearer ${token}`]] as const;
    const reply = await running.client.check({ lines, timeoutMs: 1_500 });
    assert.deepEqual([reply.status, reply.reason], [503, 'deadline_exceeded']);
  });

  it('that rotates its keys has the new one taken, and the old one refused once it is gone', async (t) => {
    const { issuer, running } = await start(t);
    const old = await issuer.mint(claims);
    assert.equal((await ask(running, old)).status, 200);
    await issuer.rotateKeys({ keepOld: false });
    assert.equal((await ask(running, await issuer.mint(claims))).status, 200);
    const reply = await ask(running, old);
    assert.deepEqual([reply.status, reply.reason], [401, 'token_key_unknown']);
  });

  it('that withdraws every key has the tokens of before refused', async (t) => {
    const { issuer, running } = await start(t);
    const token = await issuer.mint(claims);
    assert.equal((await ask(running, token)).status, 200);
    issuer.replaceHandler(jwksPath, json({ keys: [] }));
    // A kid nobody knows has the keys fetched again.
    await ask(running, forgedToken({ alg: 'RS256', kid: 'x' }, { iss: issuer.url, sub: 'a' }));
    const reply = await ask(running, token);
    assert.deepEqual([reply.status, reply.reason], [401, 'token_key_unknown']);
  });

  it('is not asked more often for a thousand forged tokens', async (t) => {
    const { issuer, running } = await start(t);
    const forged = Array.from({ length: 1_000 }, (_, index) =>
      forgedToken({ alg: 'RS256', kid: `forged-${index}` }, { iss: issuer.url, sub: 'admin' }),
    );
    const begun = performance.now();
    const replies = await Promise.all(forged.map((token) => ask(running, token)));
    assert.ok(replies.every(({ reason }) => reason === 'token_key_unknown'));
    // Once every 50 ms of cooldown in these tests, and once before.
    const most = 2 + (performance.now() - begun) / 50;
    assert.ok((issuer.requests.get(jwksPath) ?? 0) <= most);
  });
});

interface Started {
  readonly issuer: Issuer;
  readonly running: RunningApp;
}

async function start(
  t: TestContext,
  prepare: (issuer: Issuer) => void = () => undefined,
  others: readonly Issuer[] = [],
): Promise<Started> {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  prepare(issuer);
  const running = await startRunningApp({ issuers: [issuer, ...others] });
  t.after(() => running.stop());
  return { issuer, running };
}

function ask(running: RunningApp, token: string): Promise<Reply> {
  return running.client.check({ lines: [['authorization', `Bearer ${token}`]] });
}

function assertUnavailable({ status, reason, body }: Reply): void {
  assert.deepEqual([status, reason], [503, 'issuer_unavailable']);
  assert.match(body, /the keys of the token's issuer .* can't be had at the moment/);
}

function text(body: string, status = 200): RequestListener {
  return (_request, response) => response.writeHead(status).end(body);
}

function json(value: object): RequestListener {
  return text(JSON.stringify(value));
}

function redirect({ url }: Issuer): RequestListener {
  return (_request, response) => response.writeHead(302, { location: `${url}/else` }).end();
}
