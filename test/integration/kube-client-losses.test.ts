/** What becomes of questions whose connection to the API server is lost under them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { constants } from 'node:http2';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { waitUntil } from '../../lab/wait.ts';
import type { Answerer } from '../support/fake-api-server.ts';
import {
  fifty,
  putWireBefore,
  sayPath,
  startClient,
  startOldClient,
  streamOf,
} from '../support/kube-client-rig.ts';

describe('a connection that is lost', () => {
  it('has what the server did not take asked again when it says that it goes', async (t) => {
    const { api, ask } = await startClient(t);
    await ask('first');
    api.answerWith((_, response) => {
      api.answerWith(sayPath);
      const { session } = streamOf(response);
      session?.goaway(constants.NGHTTP2_NO_ERROR, 1); // only the first was taken
      session?.close();
    });
    const answers = await Promise.all(fifty.map((name) => ask(name)));
    assert.deepEqual(
      answers.map(({ content }) => content),
      fifty.map((name) => ({ said: `/${name}` })),
    );
    assert.equal(api.connections(), 2);
  });

  it('lets what the server took be answered when it says that it goes', async (t) => {
    const { api, ask } = await startClient(t);
    api.answerWith((received, response, request) => {
      streamOf(response).session?.close(); // GOAWAY that covers this one
      setImmediate(() => sayPath(received, response, request));
    });
    assert.deepEqual((await ask('a')).content, { said: '/a' });
    api.answerWith(sayPath);
    assert.deepEqual((await ask('b')).content, { said: '/b' });
    assert.deepEqual(
      api.received.map(({ url }) => url),
      ['/a', '/b'],
    );
    assert.equal(api.connections(), 2);
  });

  it('has all asked again that were under way on it', async (t) => {
    const { api, ask } = await startClient(t);
    await ask('first');
    let held = 0;
    api.answerWith((_, response) => {
      held += 1;
      if (held < fifty.length) return;
      api.answerWith(sayPath);
      streamOf(response).session?.destroy();
    });
    const answers = await Promise.all(fifty.map((name) => ask(name)));
    assert.deepEqual(
      answers.map(({ content }) => content),
      fifty.map((name) => ({ said: `/${name}` })),
    );
    assert.equal(api.connections(), 2);
  });

  it('is replaced once, not for ever', async (t) => {
    const { api, ask } = await startClient(t);
    api.answerWith((_, response) => streamOf(response).session?.destroy());
    await assert.rejects(ask('a'), /connection was lost/);
    assert.equal(api.received.length, 2);
    api.answerWith(sayPath);
    assert.deepEqual((await ask('b')).content, { said: '/b' });
  });

  it('is no reason to try another that was kept as long, by HTTP/1.1', async (t) => {
    const { api, ask } = await startOldClient(t);
    const kept = new Set<unknown>();
    api.answerWith((received, response, request) => {
      kept.add(request.socket);
      if (kept.size === 3) api.answerWith(hangUpOnKept);
      void waitUntil('all three', () => kept.size === 3, { intervalMs: 5 }).then(() =>
        sayPath(received, response, request),
      );
    });
    const hangUpOnKept: Answerer = (received, response, request) => {
      if (kept.has(request.socket)) request.socket.destroy();
      else sayPath(received, response, request);
    };
    await Promise.all(['a', 'b', 'c'].map((name) => ask(name)));
    assert.deepEqual((await ask('d')).content, { said: '/d' });
    assert.equal(api.connections(), 4);
  });

  it('has nothing asked again of which the answer had begun', async (t) => {
    const { api, ask } = await startClient(t);
    api.answerWith((_, response) => {
      response.writeHead(200).write('{"said":', () => streamOf(response).session?.destroy());
    });
    await assert.rejects(ask('a'), /aborted/);
    assert.equal(api.received.length, 1);
  });

  it('is found out when it says nothing any more', async (t) => {
    const { api, ask } = await startClient(t, { pingIntervalMs: 1_000 });
    const wire = await putWireBefore(t, api);
    await ask('a');
    wire.cut();
    assert.deepEqual((await ask('b')).content, { said: '/b' });
    assert.equal(wire.connections, 2);
  });

  it('does not keep the process', async (t) => {
    const { api } = await startClient(t);
    const script = `
      const { createKubeClient } = await import(${JSON.stringify(sourceUrl('client.ts'))});
      const { createClusterAccess } = await import(${JSON.stringify(sourceUrl('cluster-access.ts'))});
      const client = createKubeClient(createClusterAccess(${JSON.stringify(api.kubeconfig)}));
      const { status } = await client.post('/a', {}, AbortSignal.timeout(60_000));
      console.log(status);`;
    const args = ['--input-type=module', '-e', script];
    const limits = { timeout: 25_000 }; // an idle connection is closed after 30 s
    const { stdout } = await promisify(execFile)(process.execPath, args, limits);
    assert.equal(stdout, '200\n');
  });
});

function sourceUrl(name: string): string {
  return new URL(`../../src/kube/${name}`, import.meta.url).href;
}
