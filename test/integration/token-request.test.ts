/** Tokens of service accounts from an API server over HTTPS: what it is asked, and what nobody may read. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { waitUntil } from '../../lab/wait.ts';
import {
  createMintedTokens,
  type MintedTokens,
  type MintedTokensOptions,
} from '../../src/credentials/minted-tokens.ts';
import { requestToken } from '../../src/kube/token-request.ts';
import { denialOf } from '../support/denials.ts';
import { json, text } from '../support/access-reviews.ts';
import { answerJson, type Answerer, type FakeApiServer } from '../support/fake-api-server.ts';
import { startClient } from '../support/kube-client-rig.ts';
import { refusal, robot, secret, tokenAnswer } from '../support/minted-accounts.ts';

const minute = 60_000;

describe('tokens from an API server', () => {
  it('are asked for once, as we are, and sent to all who want one', async (t) => {
    const { api, tokens } = await start(t);
    const all = await Promise.all(Array.from({ length: 100 }, () => get(tokens)));
    assert.deepEqual(new Set(all), new Set([`${secret}1`]));
    assert.equal(tokens.tokenFor(robot, { deadline: 0 }), `${secret}1`);
    const [received = assert.fail(), ...others] = api.received;
    assert.deepEqual(others, []);
    const { method, url, authorization } = received;
    assert.deepEqual([method, authorization], ['POST', 'Bearer reviewer-token']);
    assert.equal(url, '/api/v1/namespaces/robots/serviceaccounts/robot/token');
    assert.deepEqual(JSON.parse(received.text), {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: 600 },
    });
  });

  it('are renewed in the background, and one that has ended is not sent', async (t) => {
    const { api, tokens } = await start(t, {
      lifeSeconds: 1,
      timing: { marginMs: 100, retryMs: 50 },
    });
    const kept = tokens.keep(robot);
    await waitUntil('the third token', () => api.received.length >= 3);
    await waitUntil('a token', () => kept.fault() === undefined);
    api.answerWith(json(404, refusal(404, 'serviceaccounts "robot" not found')));
    await waitUntil(
      'the end of the last token',
      () => kept.fault()?.endsWith('not exist') === true,
    );
    const { reason, message } = await denialOf(() => get(tokens));
    assert.equal(reason, 'credential_unavailable');
    assert.match(message, /that service account does not exist$/);
  });

  it('are there again soon after the API server was away', async (t) => {
    const { api, tokens } = await start(t, { timing: { retryMs: 20 } });
    api.answerWith((_, __, request) => void request.socket.destroy());
    const kept = tokens.keep(robot);
    await waitUntil('a fault', () => /can't be asked at the moment/.test(kept.fault() ?? ''));
    api.answerWith(mintFor(600));
    await waitUntil('a token', () => kept.fault() === undefined);
  });

  it('are given up when the API server says nothing', async (t) => {
    const { api, tokens } = await start(t, { timing: { patienceMs: 50 } });
    api.answerWith(() => undefined);
    const { message } = await denialOf(() => get(tokens));
    assert.match(message, /the API server did not answer in time/);
  });

  for (const [what, answerer] of [
    ['its answer is cut short', text(201, JSON.stringify(tokenAnswer()).slice(0, -3))],
    ['its answer is too large', text(201, JSON.stringify(tokenAnswer()) + ' '.repeat(2 ** 20))],
    [
      'its answer is not UTF-8',
      text(201, Buffer.from(JSON.stringify(tokenAnswer()) + '\u00ff', 'latin1')),
    ],
    ['it sends the token alone', text(201, secret)],
    ['it refuses and tells the token', json(403, refusal(403, `no ${secret}`))],
    ['it breaks the token in two', json(201, tokenAnswer({ token: `${secret}\r\n${secret}` }))],
    [
      'the token has expired',
      json(201, tokenAnswer({ expirationTimestamp: '2027-01-15T08:00:00Z' })),
    ],
  ] satisfies (readonly [string, Answerer])[]) {
    it(`are in no error and no log when ${what}`, async (t) => {
      const { api, tokens, logged } = await start(t);
      api.answerWith(answerer);
      const denial = await denialOf(() => get(tokens));
      assert.equal(denial.reason, 'credential_unavailable');
      const depth = { depth: Infinity, showHidden: true, maxStringLength: Infinity };
      assert.doesNotMatch(inspect([denial, logged], depth), /eyJ|c2VjcmV0/);
      assert.match(logged.join('\n'), /no service account token/);
    });
  }

  it('are in no log when all is well', async (t) => {
    const { tokens, logged } = await start(t);
    await get(tokens);
    assert.match(logged.join('\n'), /^a service account token was minted/);
    assert.doesNotMatch(logged.join('\n'), /eyJ|c2VjcmV0/);
  });
});

interface Rig {
  readonly api: FakeApiServer;
  readonly tokens: MintedTokens;
  readonly logged: readonly string[];
}

interface RigOptions extends Pick<MintedTokensOptions, 'timing'> {
  readonly lifeSeconds?: number;
}

/** The API server mints until a test says otherwise. */
async function start(
  t: TestContext,
  { lifeSeconds = 600, ...options }: RigOptions = {},
): Promise<Rig> {
  const { api, client } = await startClient(t);
  api.answerWith(mintFor(lifeSeconds));
  const logged: string[] = [];
  const write = (fields: object, message: string): void =>
    void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log = { debug: write, info: write, warn: write, error: write };
  const request: MintedTokensOptions['request'] = (account, signal) =>
    requestToken(client, account, signal);
  const tokens = createMintedTokens({ request, log, ...options });
  t.after(tokens.stop);
  return { api, tokens, logged };
}

/** Each token another. */
function mintFor(seconds: number): Answerer {
  let minted = 0;
  return (_, response) => {
    const [begin, end] = [0, seconds].map((at) => new Date(Date.now() + at * 1000).toISOString());
    const status = { token: `${secret}${(minted += 1)}`, expirationTimestamp: end };
    answerJson(response, 201, tokenAnswer(status, { metadata: { creationTimestamp: begin } }));
  };
}

async function get(tokens: MintedTokens): Promise<string> {
  return tokens.tokenFor(robot, { deadline: Date.now() + minute });
}
