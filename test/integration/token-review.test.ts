/** TokenReview against an API server that is down, slow or busy, and with credentials that change. */
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import { freePort } from '../../lab/port.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { ReviewedUser } from '../../src/kube/token-review.ts';
import { denialOf } from '../support/denials.ts';
import {
  answerJson,
  reviewAnswer,
  startFakeApiServer,
  type FakeApiServer,
} from '../support/fake-api-server.ts';
import { assertTold, startReviewer, status, token } from '../support/token-reviews.ts';

const noRequest = { method: '', url: '', authorization: undefined, text: '' };

describe('TokenReview', () => {
  it('is asked in its own words, and the answer is the user', async (t) => {
    const { api, review } = await startReviewer(t);
    api.answerWith(status({ audiences: ['b', 'c'] }));
    assert.deepEqual(await review(['a', 'b']), {
      username: 'alice',
      uid: 'u-1',
      groups: ['dev'],
      extra: { 'example.com/a': ['b'] },
    });
    const [{ text: sent, ...request } = noRequest] = api.received;
    assert.deepEqual(request, {
      method: 'POST',
      url: '/apis/authentication.k8s.io/v1/tokenreviews',
      authorization: 'Bearer reviewer-token',
    });
    assert.deepEqual(JSON.parse(sent), {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: ['a', 'b'] },
    });
  });

  it('names no audience when the API server is to take its own', async (t) => {
    const { api, review } = await startReviewer(t);
    await review([]);
    assert.deepEqual(JSON.parse(api.received[0]?.text ?? '').spec, { token });
  });

  it('gives up at the deadline, and at its own limit before that', async (t) => {
    const { api, reviewer, review } = await startReviewer(t, { timeoutMs: 1_000 });
    await review(); // opens the connection
    const closed: Promise<unknown>[] = [];
    api.answerWith((_, response) => {
      closed.push(new Promise((resolve) => response.on('close', resolve)));
    });
    for (const patience of [500, 60_000]) {
      const denial = await denialOf(() => reviewer.review(token, [], Date.now() + patience));
      assert.equal(denial.reason, 'review_unavailable');
      assertTold(denial, /in time/);
    }
    assert.equal(closed.length, 2);
    await Promise.all(closed); // nothing is left running
  });

  it('gives up on an answer that never ends', async (t) => {
    const { api, reviewer } = await startReviewer(t, { timeoutMs: 100 });
    api.answerWith((_, response) => {
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    });
    const denial = await denialOf(() => reviewer.review(token, [], Date.now() + 60_000));
    assertTold(denial, /in time/);
  });

  it('asks nobody once the deadline has passed', async (t) => {
    const { api, reviewer } = await startReviewer(t);
    const denial = await denialOf(() => reviewer.review(token, [], Date.now() - 1));
    assert.equal(denial.reason, 'review_unavailable');
    assert.equal(api.received.length, 0);
  });

  it('is refused by a port where nobody is, and by one where nobody speaks TLS', async (t) => {
    const { api, review } = await startReviewer(t);
    const plain = createServer((socket) => socket.on('error', () => undefined).end('no\r\n'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    t.after(() => plain.close());
    const address = plain.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    for (const [other, cause] of [
      [await freePort(), /ECONNREFUSED/],
      [port, /./],
    ] as const) {
      pointTo(api, `https://127.0.0.1:${other}`);
      const denial = await denialOf(() => review());
      assert.equal(denial.reason, 'review_unavailable');
      assertTold(denial, cause);
    }
    pointTo(api, api.url);
    assert.equal((await review()).username, 'alice');
  });

  it('tells nothing to a server whose certificate is of another authority', async (t) => {
    const { api, review } = await startReviewer(t);
    const stranger = await startFakeApiServer();
    t.after(() => stranger.stop());
    pointTo(api, stranger.url);
    const denial = await denialOf(() => review());
    assert.equal(denial.reason, 'review_unavailable');
    assertTold(denial, /certificate/);
    assert.equal(stranger.received.length, 0);
  });

  it('uses a new token of its own for the next review, and none when that is gone', async (t) => {
    const { api, review } = await startReviewer(t);
    await review();
    writeFileSync(`${api.tokenFile}.new`, 'second-token');
    renameSync(`${api.tokenFile}.new`, api.tokenFile);
    await review();
    assert.deepEqual(
      api.received.map(({ authorization }) => authorization),
      ['Bearer reviewer-token', 'Bearer second-token'],
    );
    for (const content of [undefined, ' \n', 'two\nlines']) {
      rmSync(api.tokenFile, { force: true });
      if (content !== undefined) writeFileSync(api.tokenFile, content);
      assert.equal((await denialOf(() => review())).reason, 'review_unavailable');
    }
    assert.equal(api.received.length, 2);
  });

  it('is asked again at once when the API server has closed a kept connection', async (t) => {
    const { api, review } = await startReviewer(t);
    let hangUps = 0;
    api.answerWith((_, response, request) => {
      const { socket } = request;
      if (socket.listenerCount('kept') === 0) {
        socket.on('kept', () => undefined);
        answerJson(response, 201, reviewAnswer());
        return;
      }
      hangUps += 1;
      socket.destroy();
    });
    await review();
    await review();
    assert.equal(hangUps, 1);
    assert.equal(api.connections(), 2);
  });

  it('happens once for many who ask for the same at the same time', async (t) => {
    const { api, reviewer } = await startReviewer(t, { cacheTtlMs: 10_000 });
    const deadline = Date.now() + 30_000;
    const ask = (): Promise<ReviewedUser> => reviewer.review(token, [], deadline);
    const users = await Promise.all(Array.from({ length: 100 }, ask));
    assert.equal(new Set(users).size, 1);
    assert.ok(Object.isFrozen(users[0]?.groups));
    await ask();
    assert.equal(api.received.length, 1);
    await reviewer.review(token, ['a'], deadline).catch(() => undefined);
    assert.equal(api.received.length, 2, 'other audiences are another question');
  });

  it('is not ended for the others by one who leaves early', async (t) => {
    const { api, reviewer } = await startReviewer(t);
    const held = Promise.withResolvers<void>();
    api.answerWith((_, response) => {
      void held.promise.then(() => answerJson(response, 201, reviewAnswer()));
    });
    const patient = reviewer.review(token, [], Date.now() + 30_000);
    const hasty = await denialOf(() => reviewer.review(token, [], Date.now() + 20));
    assert.equal(hasty.reason, 'review_unavailable');
    await waitUntil('the question', () => api.received.length === 1, { intervalMs: 5 });
    held.resolve();
    assert.equal((await patient).username, 'alice');
  });

  it('takes a thousand tokens at once over few connections', async (t) => {
    const { api, reviewer } = await startReviewer(t, { timeoutMs: 60_000 });
    api.answerWith(({ text: sent }, response) => {
      const username = JSON.parse(sent).spec.token;
      answerJson(response, 201, reviewAnswer({ user: { username } }));
    });
    const names = Array.from({ length: 1_000 }, (_, index) => `user-${index}`);
    const deadline = Date.now() + 60_000;
    const users = await Promise.all(names.map((name) => reviewer.review(name, [], deadline)));
    assert.deepEqual(
      users.map(({ username }) => username),
      names,
    );
    assert.ok(api.connections() <= 64, String(api.connections()));
  });
});

function pointTo(api: FakeApiServer, server: string): void {
  const files = { caFile: api.caFile, tokenFile: api.tokenFile };
  writeKubeconfig({ file: api.kubeconfig, server, ...files });
}
