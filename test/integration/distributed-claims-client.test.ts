/** The client of sources of claims: whose keys it keeps and for how long, and which answers are none. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { describe, it } from 'node:test';
import { createAuthority } from '../../lab/certificates.ts';
import { jwksPath, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import { createClaimSources } from '../../src/token/distributed-claims-client.ts';

describe('the keys of issuers that answers name', () => {
  it('are kept for the last few alone, and fetched for no others', async (t) => {
    const authority = await createAuthority('issuers of distributed claims');
    let reports = 0;
    const sources = createClaimSources({
      ca: authority.certPem,
      maxIssuers: 2,
      timing: { pollMs: 10 },
      reportTo: () => () => void (reports += 1),
    });
    t.after(() => sources.stop());
    const issuers = await Promise.all([1, 2, 3].map(() => startIssuer({ authority })));
    t.after(() => Promise.all(issuers.map((issuer) => issuer.close())));
    const [one, two, three] = issuers;
    assert.ok(one && two && three);
    const kept = sources.keysOf(one.url);
    assert.equal(sources.keysOf(one.url), kept);
    await kept.firstAttempt;
    sources.keysOf(two.url);
    sources.keysOf(one.url);
    sources.keysOf(three.url);
    assert.equal(sources.keysOf(one.url), kept, 'the one that was named last but one');
    await waitForFetches(three, 3);
    const fetched = fetchesOf(two);
    await waitForFetches(one, fetchesOf(one) + 5);
    assert.ok(fetchesOf(two) <= fetched + 1, 'nobody fetches them any more');
    await sources.stop();
    const reported = reports;
    const late = sources.keysOf(one.url);
    assert.notEqual(late, kept);
    await late.firstAttempt;
    assert.equal(late.current(), undefined);
    assert.ok(reported > 10 && reports === reported, 'nobody asks for keys after the end');
  });
});

describe('an answer of a source', () => {
  for (const [what, timeoutMs, handler, why] of [
    ['that never begins', 300, () => undefined, /: no whole answer in time$/],
    [
      'that never ends',
      300,
      (_request, response) => void response.write('x'),
      /: no whole answer in time$/,
    ],
    [
      'of a byte too many',
      60_000,
      text('x'.repeat(1_025)),
      /: the answer is larger than 1024 bytes$/,
    ],
  ] as const satisfies readonly (readonly [string, number, RequestListener, RegExp])[]) {
    it(`${what} is no answer`, async (t) => {
      const { url, ca, server } = await serve(handler);
      t.after(() => server.close());
      t.after(() => server.closeAllConnections());
      const sources = createClaimSources({ ca, timeoutMs, maxBytes: 1_024 });
      t.after(() => sources.stop());
      await assert.rejects(sources.fetchAnswer({ url, accessToken: 'secret' }), (error: Error) => {
        assert.match(error.message, why);
        assert.ok(error.message.startsWith(`GET ${url.origin}/: `));
        return true;
      });
    });
  }

  it('is waited for no longer once its entry is gone', async (t) => {
    const asked = Promise.withResolvers<void>();
    let requests = 0;
    const { url, ca, server } = await serve(() => {
      requests += 1;
      asked.resolve();
    });
    t.after(() => server.close());
    t.after(() => server.closeAllConnections());
    const sources = createClaimSources({ ca, timeoutMs: 60_000 });
    const gone = { message: `GET ${url.href}: its entry is no longer configured` };
    const answer = assert.rejects(sources.fetchAnswer({ url }), gone);
    await asked.promise;
    await sources.stop();
    await answer;
    await assert.rejects(sources.fetchAnswer({ url }), gone);
    assert.equal(requests, 1);
  });
});

interface Served {
  readonly url: URL;
  readonly ca: string;
  readonly server: Server;
}

async function serve(handler: RequestListener): Promise<Served> {
  const authority = await createAuthority('a source of claims');
  const { certPem, keyPem } = await authority.issue({ commonName: 'a', hosts: ['127.0.0.1'] });
  const server = createServer({ cert: certPem, key: keyPem }, handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { url: new URL(`https://127.0.0.1:${port}/`), ca: authority.certPem, server };
}

function fetchesOf({ requests }: Issuer): number {
  return requests.get(jwksPath) ?? 0;
}

async function waitForFetches(issuer: Issuer, count: number): Promise<void> {
  await waitUntil(`${count} fetches`, () => fetchesOf(issuer) >= count, { intervalMs: 5 });
}

function text(body: string): RequestListener {
  return (_request, response) => response.end(body);
}
