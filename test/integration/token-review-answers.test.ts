/** What an API server may answer to a TokenReview, and that nobody gets in by an answer that is not clearly a yes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { denialOf } from '../support/denials.ts';
import {
  answerJson,
  reviewAnswer,
  startFakeApiServer,
  type Answerer,
} from '../support/fake-api-server.ts';
import { assertTold, json, startReviewer, status, text, user } from '../support/token-reviews.ts';

const forbidden = {
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  reason: 'Forbidden',
  message: 'tokenreviews.authentication.k8s.io is forbidden: User "x" cannot create resource',
  code: 403,
};

type Refusal = readonly [
  what: string,
  answerer: Answerer,
  reason: 'token_rejected' | 'review_unavailable',
  cause?: RegExp,
];

const refusals: readonly Refusal[] = [
  ['says no', status({ authenticated: false, user: {} }), 'token_rejected'],
  ['says nothing of it', status({ authenticated: undefined, user: {} }), 'token_rejected'],
  [
    'says no, and why',
    status({ authenticated: false, error: 'expired' }),
    'token_rejected',
    /expired/,
  ],
  [
    'says yes, but with an error',
    status({ error: 'webhook down' }),
    'token_rejected',
    /webhook down/,
  ],
  [
    'quotes the token in its reason',
    (received, response) =>
      answerJson(response, 201, reviewAnswer({ error: `bad: ${received.text.slice(80)}` })),
    'token_rejected',
    /quotes the token/,
  ],
  [
    'quotes a part of the token',
    status({ authenticated: false, error: 'no key for users-bear…' }),
    'token_rejected',
    /quotes the token/,
  ],
  ['says yes as a string', status({ authenticated: 'true' }), 'review_unavailable'],
  ['says 1', status({ authenticated: 1 }), 'review_unavailable'],
  ['says null', status({ authenticated: null }), 'review_unavailable'],
  ['has an error that is an object', status({ error: {} }), 'review_unavailable'],
  ['names nobody', status({ user: undefined }), 'review_unavailable'],
  ['names a list', status({ user: [] }), 'review_unavailable'],
  ['forgets the name', user({ username: undefined }), 'review_unavailable'],
  ['has an empty name', user({ username: '' }), 'review_unavailable'],
  ['has a blank name', user({ username: ' \t' }), 'review_unavailable'],
  ['has a number for a name', user({ username: 7 }), 'review_unavailable'],
  ['has a number for a uid', user({ uid: 7 }), 'review_unavailable'],
  ['has a text for groups', user({ groups: 'system:masters' }), 'review_unavailable'],
  ['has an object for groups', user({ groups: { length: 0 } }), 'review_unavailable'],
  ['has a number among the groups', user({ groups: ['a', 7] }), 'review_unavailable'],
  ['has null among the groups', user({ groups: [null] }), 'review_unavailable'],
  ['has a list for extra', user({ extra: [] }), 'review_unavailable'],
  ['has a text for an extra', user({ extra: { a: 'b' } }), 'review_unavailable'],
  ['has a number in an extra', user({ extra: { a: [1] } }), 'review_unavailable'],
  ['has a text for audiences', status({ audiences: 'a' }), 'review_unavailable'],
  ['has no status', json(201, { ...reviewAnswer(), status: undefined }), 'review_unavailable'],
  ['has another kind', json(201, { ...reviewAnswer(), kind: 'Status' }), 'review_unavailable'],
  [
    'has another version',
    json(201, { ...reviewAnswer(), apiVersion: 'authentication.k8s.io/v1beta1' }),
    'review_unavailable',
  ],
  ['sends a list', json(201, [reviewAnswer()]), 'review_unavailable'],
  ['sends null', json(201, null), 'review_unavailable'],
  ['sends nothing', text(201, ''), 'review_unavailable'],
  ['sends HTML', text(200, '<html>Sign in</html>'), 'review_unavailable'],
  [
    'sends half of it',
    text(201, JSON.stringify(reviewAnswer()).slice(0, 90)),
    'review_unavailable',
  ],
  [
    'sends a name that is not UTF-8',
    text(201, Buffer.from(JSON.stringify(reviewAnswer()).replace('alice', 'al\u00efce'), 'latin1')),
    'review_unavailable',
  ],
  [
    'sends 2 MiB',
    text(201, JSON.stringify(reviewAnswer({ pad: 'x'.repeat(2 ** 21) }))),
    'review_unavailable',
    /larger than 1048576 bytes/,
  ],
  ['accepts it for later', json(202, reviewAnswer()), 'review_unavailable', /202/],
  ['says 204', (_, response) => response.writeHead(204).end(), 'review_unavailable', /204/],
  ['says 400', json(400, reviewAnswer()), 'review_unavailable', /400/],
  ['knows no TokenReview', json(404, {}), 'review_unavailable', /404/],
  ['has too much to do', json(429, {}), 'review_unavailable', /429/],
  ['fails', json(500, reviewAnswer()), 'review_unavailable', /500/],
  ['is not ready', text(503, 'no'), 'review_unavailable', /503/],
  [
    'quotes the token when it fails',
    (received, response) =>
      answerJson(response, 500, { kind: 'Status', message: received.text.slice(80) }),
    'review_unavailable',
    /500: its reason quotes the token/,
  ],
  ['hangs up', (_, __, request) => request.socket.destroy(), 'review_unavailable', /hang up|RESET/],
  [
    'hangs up in the middle',
    (_, response) => {
      response.writeHead(201, { 'content-length': '1000' }).write('{"kind":', () => {
        response.destroy();
      });
    },
    'review_unavailable',
    /aborted/,
  ],
  [
    'speaks another language',
    (received, _, request) => request.socket.end(`${received.text}\r\n\r\n`),
    'review_unavailable',
    /Parse Error/,
  ],
  [
    'wants to speak WebSocket',
    (_, response) => response.writeHead(101, { connection: 'upgrade', upgrade: 'websocket' }).end(),
    'review_unavailable',
  ],
];

describe("a TokenReview's answer", () => {
  it('takes what Go leaves out or writes as null for empty', async (t) => {
    const { api, review } = await startReviewer(t);
    const whole = { username: 'bob', uid: '', groups: [], extra: {} };
    api.answerWith(status({ user: { username: 'bob' } }));
    assert.deepEqual(await review(), whole);
    api.answerWith(
      status({ audiences: null, user: { username: 'bob', groups: null, extra: { a: null } } }),
    );
    assert.deepEqual(await review(), { ...whole, extra: { a: [] } });
  });

  for (const [what, answerer, reason, cause = /./] of refusals) {
    it(`by an API server that ${what} lets nobody in`, async (t) => {
      const { api, review } = await startReviewer(t);
      api.answerWith(answerer);
      const denial = await denialOf(() => review());
      assert.equal(denial.reason, reason);
      assertTold(denial, cause);
      api.answerWith(status({}));
      assert.equal((await review()).username, 'alice', 'a refusal was remembered');
    });
  }

  for (const audiences of [undefined, null, [], ['other'], ['WANTED'], ['wanted ']]) {
    it(`refuses a yes for the audiences ${JSON.stringify(audiences)} when another was asked for`, async (t) => {
      const { api, review } = await startReviewer(t);
      api.answerWith(status({ audiences }));
      const denial = await denialOf(() => review(['wanted']));
      assert.equal(denial.reason, 'token_rejected');
      assert.match(denial.message, /audience/);
    });
  }

  it('names the permission that the proxy lacks', async (t) => {
    const { api, review } = await startReviewer(t);
    api.answerWith(json(403, forbidden));
    const denial = await denialOf(() => review());
    assert.equal(denial.reason, 'review_unavailable');
    assert.match(denial.message, /permission to create tokenreviews\.authentication\.k8s\.io/);
    assertTold(denial, /cannot create resource/);
  });

  it("does not take a stranger's 403 for one of RBAC", async (t) => {
    const { api, review } = await startReviewer(t);
    api.answerWith(text(403, '<html>blocked</html>'));
    const denial = await denialOf(() => review());
    assert.equal(denial.reason, 'review_unavailable');
    assert.doesNotMatch(denial.message, /permission/);
  });

  it("says so when the proxy's own credentials are refused", async (t) => {
    const { api, review } = await startReviewer(t);
    api.answerWith(json(401, { kind: 'Status', message: 'Unauthorized' }));
    const denial = await denialOf(() => review());
    assert.equal(denial.reason, 'review_unavailable');
    assert.match(denial.message, /own credentials/);
  });

  for (const code of [301, 302, 303, 307, 308]) {
    it(`takes the token nowhere else by a ${code}`, async (t) => {
      const { api, review } = await startReviewer(t);
      const elsewhere = await startFakeApiServer();
      t.after(() => elsewhere.stop());
      for (const location of [`${elsewhere.url}/x`, `${api.url}/x`, '/x']) {
        api.answerWith((_, response) => response.writeHead(code, { location }).end());
        const denial = await denialOf(() => review());
        assert.equal(denial.reason, 'review_unavailable');
        assert.match(denial.message, /redirects are not followed/);
      }
      assert.equal(elsewhere.connections(), 0);
      assert.ok(api.received.every(({ url }) => url !== '/x'));
    });
  }
});
