/** What the client makes of connections to the API server: how many it needs, and what it does when they fail. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:http2';
import { createServer } from 'node:tls';
import { describe, it } from 'node:test';
import { createAuthority } from '../../lab/certificates.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import { waitUntil } from '../../lab/wait.ts';
import { errorMessage } from '../../src/lib/error-message.ts';
import { answerText, type Answerer } from '../support/fake-api-server.ts';
import {
  fifty,
  pointTo,
  sayPath,
  startClient,
  startOldClient,
  streamOf,
  type KubeClientRig,
} from '../support/kube-client-rig.ts';

describe('a client of the API server', () => {
  for (const [protocol, start, connections] of [
    ['HTTP/2', startClient, 1],
    ['HTTP/1.1', startOldClient, 50],
  ] as const) {
    it(`has fifty questions at the server before the first is answered, by ${protocol}`, async (t) => {
      const rig = await start(t);
      for (const _ of ['cold', 'warm']) await askFiftyAtOnce(rig);
      assert.equal(rig.api.connections(), connections);
    });
  }

  for (const [what, limits] of [
    ['the server takes', { http2: { maxConcurrentStreams: 3 }, maxConnections: 1 }],
    ['it may', { maxAtOnce: 3 }],
  ] as const) {
    it(`asks no more at once than ${what}`, async (t) => {
      const { api, ask } = await startClient(t, limits);
      let [open, most] = [0, 0];
      api.answerWith((received, response, request) => {
        open += 1;
        most = Math.max(most, open);
        setImmediate(() => {
          open -= 1;
          sayPath(received, response, request);
        });
      });
      await Promise.all(fifty.map((name) => ask(name)));
      assert.ok(most <= 3, String(most));
      assert.equal(api.received.length, fifty.length);
      assert.equal(api.connections(), 1);
    });
  }

  it('GETs, too', async (t) => {
    const { api, client } = await startClient(t);
    const { status, content } = await client.get('/version', AbortSignal.timeout(60_000));
    assert.deepEqual([status, content], [200, { said: '/version' }]);
    const { method, text, authorization } = api.received[0] ?? {};
    assert.deepEqual([method, text, authorization], ['GET', '', 'Bearer reviewer-token']);
  });
});

describe('a client that is stopped', () => {
  it('ends what is under way, and asks nothing more', async (t) => {
    const { api, client, ask } = await startClient(t);
    api.answerWith(() => client.stop());
    await assert.rejects(ask('a'));
    await assert.rejects(ask('b'));
    const clientCertificate = await (await createAuthority('clients')).issue({ commonName: 'x' });
    const { url: server, caFile, kubeconfig: file } = api;
    writeKubeconfig({ file, server, caFile, clientCertificate });
    await assert.rejects(ask('c'));
    assert.equal(api.received.length, 1);
    assert.equal(api.connections(), 1);
  });
});

describe('a single request', () => {
  it('is taken back by its signal, and the others go on', async (t) => {
    const { api, ask } = await startClient(t);
    const held = Promise.withResolvers<void>();
    const gone: unknown[] = [];
    api.answerWith((received, response, request) => {
      const stream = streamOf(response);
      stream.on('close', () => gone.push(received.url));
      void held.promise.then(() => stream.destroyed || sayPath(received, response, request));
    });
    const impatient = new AbortController();
    const [one, other] = [ask('one', impatient.signal), ask('other')];
    await waitUntil('both questions', () => api.received.length === 2, { intervalMs: 5 });
    impatient.abort();
    await assert.rejects(one);
    await waitUntil('the cancellation', () => gone.length === 1, { intervalMs: 5 });
    assert.deepEqual(gone, ['/one']);
    held.resolve();
    assert.deepEqual((await other).content, { said: '/other' });
    assert.equal(api.connections(), 1);
  });

  it('that waits for its turn is never asked once nobody wants it', async (t) => {
    const settings = { http2: { maxConcurrentStreams: 1 }, maxConnections: 1 };
    const { api, ask } = await startClient(t, settings);
    await ask('first'); // now the client knows the server's limit
    const held = Promise.withResolvers<void>();
    api.answerWith((received, response, request) => {
      void held.promise.then(() => sayPath(received, response, request));
    });
    const impatient = new AbortController();
    const [one, other] = [ask('one'), ask('other', impatient.signal)];
    await waitUntil('the question', () => api.received.length === 2, { intervalMs: 5 });
    impatient.abort();
    await assert.rejects(other);
    held.resolve();
    await one;
    await ask('last');
    assert.deepEqual(
      api.received.map(({ url }) => url),
      ['/first', '/one', '/last'],
    );
  });

  it('is asked again when the server refuses its stream', async (t) => {
    const { api, ask } = await startClient(t);
    api.answerWith((_, response) => {
      api.answerWith(sayPath);
      streamOf(response).close(constants.NGHTTP2_REFUSED_STREAM);
    });
    assert.deepEqual((await ask('a')).content, { said: '/a' });
    assert.equal(api.received.length, 2);
  });

  it('ends with a sentence when the server breaks its stream off', async (t) => {
    const { api, ask } = await startClient(t);
    api.answerWith((_, response) => streamOf(response).close(constants.NGHTTP2_INTERNAL_ERROR));
    await assert.rejects(ask('a'), /INTERNAL_ERROR/);
    assert.equal(api.connections(), 1);
  });

  it('takes no notice of what comes before the answer', async (t) => {
    const { api, ask } = await startClient(t);
    api.answerWith((received, response, request) => {
      response.writeEarlyHints({ link: '</elsewhere>; rel=preload' });
      sayPath(received, response, request);
    });
    assert.deepEqual(await ask('a'), { status: 200, content: { said: '/a' } });
  });

  it('is not sent where a redirect leads', async (t) => {
    const { api, ask } = await startClient(t);
    api.answerWith((_, response) => response.writeHead(307, { location: '/b' }).end());
    assert.deepEqual(await ask('a'), { status: 307, content: undefined });
    assert.equal(api.received.length, 1);
  });

  for (const [what, length] of [
    ['says how long it is', '2000'],
    ['does not say how long it is', undefined],
  ] as const) {
    it(`has no answer that is too large, when that ${what}`, async (t) => {
      const { api, ask } = await startClient(t, { maxBytes: 1_000 });
      api.answerWith((_, response) => {
        response.writeHead(200, length === undefined ? {} : { 'content-length': length });
        response.end('x'.repeat(2_000));
      });
      await assert.rejects(ask('a'), { message: 'the answer is larger than 1000 bytes' });
      api.answerWith(sayPath);
      assert.equal((await ask('b')).status, 200);
      assert.equal(api.connections(), 1, 'one answer cost the others their connection');
    });
  }

  const strange: readonly (readonly [what: string, answerer: Answerer])[] = [
    ['an answer of another length than it says', wrongLength],
    ['HTML', (_, response) => answerText(response, 200, '<html>secret</html>')],
    ['nothing', (_, response) => response.writeHead(200).end()],
  ];
  for (const [what, answerer] of strange) {
    it(`quotes nothing of ${what}`, async (t) => {
      const { api, ask } = await startClient(t);
      api.answerWith(answerer);
      const outcome = await ask('a').then(({ content }) => String(content), errorMessage);
      assert.doesNotMatch(outcome, /secret/);
      api.answerWith(sayPath);
      assert.equal((await ask('b')).status, 200);
    });
  }

  it('quotes nothing of a server that speaks another language than it promised', async (t) => {
    const { api, ask } = await startClient(t);
    const authority = await createAuthority('babel');
    const { certPem, keyPem } = await authority.issue({ commonName: 'b', hosts: ['127.0.0.1'] });
    const tls = { cert: certPem, key: keyPem, ALPNProtocols: ['h2'] };
    const server = createServer(tls, (socket) => {
      socket.on('error', () => undefined).end('secret-secret-secret'.repeat(100));
    });
    t.after(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    writeFileSync(api.caFile, authority.certPem);
    pointTo(api, `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
    const error: unknown = await ask('a').catch((thrown: unknown) => thrown);
    assert.ok(error instanceof Error && error.message !== '');
    assert.doesNotMatch(JSON.stringify([error.message, error.cause]), /secret/);
  });
});

describe('credentials that change', () => {
  it('need no new connection when they are a token', async (t) => {
    const { api, ask } = await startClient(t);
    await ask('a');
    writeFileSync(api.tokenFile, 'second-token');
    await ask('b');
    assert.deepEqual(
      api.received.map(({ authorization }) => authorization),
      ['Bearer reviewer-token', 'Bearer second-token'],
    );
    assert.equal(api.connections(), 1);
  });

  it('have connections of their own when they are a certificate or a CA', async (t) => {
    const { api, ask } = await startClient(t);
    await ask('a');
    const clients = await createAuthority('clients');
    const file = api.kubeconfig;
    const place = { file, server: api.url, caFile: api.caFile };
    for (const name of ['one', 'two']) {
      const clientCertificate = await clients.issue({ commonName: name });
      writeKubeconfig({ ...place, clientCertificate });
      await ask(name);
      await ask(name);
    }
    assert.equal(api.connections(), 3);
    const [old, stranger] = [readFileSync(api.caFile), await createAuthority('stranger')];
    writeFileSync(api.caFile, stranger.certPem);
    await assert.rejects(ask('b'), /certificate/);
    writeFileSync(api.caFile, old);
    assert.equal((await ask('c')).status, 200);
  });

  it('leave what is under way alone', async (t) => {
    const { api, ask } = await startClient(t);
    const held = Promise.withResolvers<void>();
    api.answerWith((received, response, request) => {
      void held.promise.then(() => sayPath(received, response, request));
    });
    const early = ask('early');
    await waitUntil('the question', () => api.received.length === 1, { intervalMs: 5 });
    const clientCertificate = await (await createAuthority('clients')).issue({ commonName: 'x' });
    const { url: server, caFile, kubeconfig: file } = api;
    writeKubeconfig({ file, server, caFile, clientCertificate });
    const late = ask('late');
    await waitUntil('the other', () => api.received.length === 2, { intervalMs: 5 });
    held.resolve();
    assert.deepEqual((await early).content, { said: '/early' });
    assert.deepEqual((await late).content, { said: '/late' });
    assert.equal(api.connections(), 2);
  });
});

async function askFiftyAtOnce({ api, ask }: KubeClientRig): Promise<void> {
  const before = api.received.length;
  const held: (() => void)[] = [];
  api.answerWith((received, response, request) => {
    held.push(() => sayPath(received, response, request));
    if (held.length === fifty.length) for (const answer of held) answer();
  });
  const answers = await Promise.all(fifty.map((name) => ask(name)));
  assert.deepEqual(
    answers.map(({ content }) => content),
    fifty.map((name) => ({ said: `/${name}` })),
  );
  assert.equal(api.received.length - before, fifty.length);
}

function wrongLength(...[, response]: Parameters<Answerer>): void {
  const stream = streamOf(response);
  stream.respond({ ':status': 200, 'content-length': '100' });
  stream.end('{"said": "secret"}');
}
