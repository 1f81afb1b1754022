/** `explain` with an issuer over TLS and an API server that says what the test wants: what it asks, what it says, how it ends. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import { startIssuer, jwksPath, discoveryPath, type Issuer } from '../../lab/issuer.ts';
import { UsageError } from '../../src/cli/flags.ts';
import { loadConfig } from '../../src/config/load.ts';
import { run } from '../../src/explain.ts';
import { openWorld } from '../../src/explain-world.ts';
import { explainRequest } from '../../src/explain/explain.ts';
import { toRequest } from '../../src/explain/request.ts';
import { accessAnswer } from '../support/access-reviews.ts';
import {
  answerJson,
  reviewAnswer,
  startFakeApiServer,
  type FakeApiServer,
} from '../support/fake-api-server.ts';
import { fakeTerminal } from '../support/fake-terminal.ts';
import { hostileTokens } from '../support/hostile-tokens.ts';
import { jwtEntry } from '../support/running-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ownToken = 'own-token-of-the-proxy';
const accessPath = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const claims = { sub: 'alice', groups: ['dev'], uid: 'a1', team: 'blue' };

describe('explain', () => {
  let issuer: Issuer;
  let api: FakeApiServer;
  before(async () => {
    [issuer, api] = await Promise.all([startIssuer(), startFakeApiServer()]);
  });
  after(() => Promise.all([issuer.close(), api.stop()]));

  function configure(t: TestContext, changes: object = {}, entry: object = {}): string {
    const at = temporaryFolder(t);
    writeFileSync(at('own'), ownToken);
    const config = {
      apiVersion: 'kube-ext-authz.dev/v1alpha1',
      kind: 'Configuration',
      kubernetes: { kubeconfig: api.kubeconfig, token: { file: 'own' } },
      jwt: [{ ...jwtEntry(issuer, 'people'), ...entry }],
      ...changes,
    };
    writeFileSync(at('config.yaml'), JSON.stringify(config));
    return at('config.yaml');
  }

  async function explain(config: string, token: string, ...flags: string[]) {
    const terminal = fakeTerminal({ input: `${token}\n`, nowMs: Date.now() });
    const asked = api.received.length;
    const fetched = issuer.requests.get(jwksPath) ?? 0;
    const code = await run(['--config', config, ...flags], terminal, false);
    const text = terminal.printed();
    for (const secret of [ownToken, ...token.split('.')]) {
      assert.ok(secret === '' || !`${text}${terminal.noted()}`.includes(secret));
    }
    return {
      code,
      text,
      noted: terminal.noted(),
      received: api.received.slice(asked),
      keyFetches: (issuer.requests.get(jwksPath) ?? 0) - fetched,
    };
  }

  it('fetches the keys once, asks the API server nothing, and says that it is allowed', async (t) => {
    const ended = await explain(configure(t), await issuer.mint(claims));
    assert.equal(ended.code, 0, ended.noted);
    assert.equal(ended.keyFetches, 1);
    assert.deepEqual(ended.received, []);
    assert.match(ended.text, /^allowed: for the API server it is "alice"$/m);
    assert.match(ended.text, /^ {6}impersonate-extra-example.com%2fteam: blue$/m);
    assert.match(ended.text, /^ {6}authorization: Bearer <our token>$/m);
  });

  it('fetches them once for a key that nobody knows, too', async (t) => {
    const token = await issuer.mint(claims, { header: { kid: 'other' } });
    const ended = await explain(configure(t), token);
    assert.deepEqual([ended.code, ended.keyFetches], [1, 1]);
    assert.match(ended.text, /^denied: token_key_unknown \(401\)/);
  });

  it('asks for the keys of no issuer but the one of the token', async (t) => {
    const token = await issuer.mint({ ...claims, iss: 'https://x.example' });
    const ended = await explain(configure(t), token);
    assert.deepEqual([ended.code, ended.keyFetches], [1, 0]);
    assert.match(ended.text, /an entry whose issuer.url is "https:\/\/x.example"/);
  });

  it('asks for kubectl --as what the server would ask, and nothing that changes anything', async (t) => {
    answerAccess((verb) => verb === 'impersonate');
    const flags = ['--as', 'bob', '--as-group', 'ops', '--path', '/api/v1/pods'];
    const ended = await explain(configure(t), await issuer.mint(claims), ...flags);
    assert.equal(ended.code, 0, ended.text);
    assert.equal(ended.received.length, 5);
    for (const { method, url } of ended.received) {
      assert.deepEqual([method, url], ['POST', accessPath]);
    }
    assert.match(ended.text, /^mode user-info\n {2}✗ /m);
    assert.match(ended.text, /✗ impersonate-on:user-info:list pods +not allowed$/m);
    assert.match(ended.text, /^mode legacy\n {2}✓ it is allowed$/m);
    assert.match(ended.text, /✓ impersonate users "bob" +allowed$/m);
    assert.match(ended.text, /^ {6}impersonate-extra-originaluser.jetstack.io-user: alice$/m);
  });

  it('says what to grant when nobody may', async (t) => {
    answerAccess(() => false);
    const ended = await explain(configure(t), await issuer.mint(claims), '--as', 'bob');
    assert.equal(ended.code, 1);
    assert.match(
      ended.text,
      /^denied: impersonation_denied \(403\): forbidden: User "alice" cannot /,
    );
    const rule =
      '{"apiGroups":[""],"resources":["users"],"resourceNames":["bob"],"verbs":["impersonate"]}';
    assert.ok(
      ended.text.includes(`a ClusterRole with the rule ${rule}, bound to the user "alice"`),
    );
  });

  it('can not look when the API server gives no answer that counts', async (t) => {
    api.answerWith((_, response) => answerJson(response, 500, {}));
    const ended = await explain(configure(t), await issuer.mint(claims), '--as', 'bob');
    assert.equal(ended.code, 2);
    assert.match(ended.text, /^denied: review_unavailable \(503\)/);
    assert.match(ended.text, /✗ impersonate:user-info .* no answer$/m);
  });

  it('looks at the version of the API server where that decides', async (t) => {
    api.answerWith(({ url, text }, response) => {
      if (url === '/version') return answerJson(response, 200, { major: '1', minor: '35' });
      answerJson(response, 201, accessAnswer({ allowed: text.includes('"verb":"impersonate"') }));
    });
    const config = configure(t, { impersonation: { constrained: 'detect' } });
    const ended = await explain(config, await issuer.mint(claims), '--as', 'bob');
    assert.equal(ended.code, 0, ended.text);
    assert.doesNotMatch(ended.text, /mode user-info/);
    api.answerWith((_, response) => answerJson(response, 503, {}));
    const unknown = await explain(config, await issuer.mint(claims), '--as', 'bob', '--offline');
    assert.match(unknown.text, /the version of the API server is not known/);
    assert.deepEqual([unknown.code, unknown.received], [2, []]);
  });

  it('puts a token to the API server where the server does', async (t) => {
    api.answerWith((_, response) => answerJson(response, 201, reviewAnswer()));
    const token = await issuer.mint({ ...claims, iss: 'https://x.example' });
    const ended = await explain(configure(t, { tokenReview: {} }), token);
    assert.equal(ended.code, 0, ended.text);
    assert.match(
      ended.text,
      /no entry claims the token, and the API server says that it is "alice"'s/,
    );
    assert.equal(ended.received[0]?.url, '/apis/authentication.k8s.io/v1/tokenreviews');
    api.answerWith((_, response) =>
      answerJson(response, 201, reviewAnswer({ authenticated: false })),
    );
    const refused = await explain(
      configure(t, {}, { tokenReview: true }),
      await issuer.mint(claims),
    );
    assert.equal(refused.code, 1);
    assert.match(refused.text, /✗ TokenReview +the API server does not accept the bearer token/);
  });

  it('asks nobody offline, and says what was left out', async (t) => {
    const config = configure(t, {}, { tokenReview: true });
    const ended = await explain(config, await issuer.mint(claims), '--as', 'bob', '--offline');
    assert.deepEqual([ended.code, ended.keyFetches, ended.received], [2, 0, []]);
    assert.match(ended.text, /^not known: nothing refuses it, but not all was looked at/);
    const [, leftOut = ''] = ended.text.split('what was left out\n');
    assert.match(leftOut, /the issuer's keys were not asked for\n.*the API server was not asked/);
  });

  it('verifies by configured keys without anybody', async (t) => {
    const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...jwk } = issuer.key;
    const keys = {
      url: 'https://cluster.example',
      audiences: ['kubernetes'],
      keys: [{ jwks: { keys: [jwk] } }],
    };
    const token = await issuer.mint({ ...claims, iss: keys.url });
    const ended = await explain(configure(t, {}, { issuer: keys }), token, '--offline');
    assert.equal(ended.code, 0, ended.text);
  });

  it('fetches groups that the token keeps elsewhere', async (t) => {
    const answer = await issuer.mint({ groups: ['far'] });
    issuer.replaceHandler('/claims', (_, response) => response.end(answer));
    const source = { endpoint: `${issuer.url}/claims`, access_token: 'S3cret-of-alice' };
    const { groups: _, ...others } = claims;
    const token = await issuer.mint({
      ...others,
      _claim_names: { groups: 'a' },
      _claim_sources: { a: source },
    });
    const ended = await explain(configure(t), token);
    assert.equal(ended.code, 0, ended.text);
    assert.match(ended.text, /✓ groups +far +claim "groups"$/m);
    assert.doesNotMatch(ended.text, /S3cret/);
    const offline = await explain(configure(t), token, '--offline');
    assert.match(offline.text, /the claim "groups" was not fetched/);
  });

  it('prints JSON that a terminal has nothing to obey in', async (t) => {
    const token = await issuer.mint({ ...claims, sub: 'a\u202eb\u009bc' });
    const { text } = await explain(configure(t), token, '-o', 'json');
    assert.doesNotMatch(text, /[\u007f-\u009f\u202a-\u202e]/);
    assert.equal(JSON.parse(text).inbound.username, 'a\u202eb\u009bc');
  });

  it('gives up an issuer that never answers', async (t) => {
    issuer.replaceHandler(discoveryPath, () => undefined);
    t.after(() => issuer.replaceHandler(discoveryPath, undefined));
    const world = openWorld(loadConfig(configure(t)), {
      offline: false,
      now: Date.now,
      patienceMs: 200,
    });
    const request = toRequest({ method: 'GET', path: '/api' }, await issuer.mint(claims));
    const { reason } = await explainRequest(request, undefined, world);
    await world.stop();
    assert.equal(reason, 'issuer_unavailable');
  });

  it('can not look when the issuer says nothing of use, and says what it said', async (t) => {
    issuer.replaceHandler(discoveryPath, (_, response) => response.writeHead(500).end());
    t.after(() => issuer.replaceHandler(discoveryPath, undefined));
    const ended = await explain(configure(t), await issuer.mint(claims));
    assert.equal(ended.code, 2);
    assert.match(ended.text, /✗ signature .*the answer is 500, not 200/);
  });

  it('refuses every hostile token for its reason', async (t) => {
    const config = configure(t);
    for (const { what, reason, make } of hostileTokens) {
      const terminal = fakeTerminal({ input: await make(issuer), nowMs: Date.now() });
      const code = await run(['--config', config, '-o', 'json'], terminal, false);
      if (code === 2 && terminal.printed() === '') continue; // empty
      assert.deepEqual([code, JSON.parse(terminal.printed()).reason], [1, reason], what);
    }
  });

  for (const [title, flags, input, says] of [
    [
      'a token among the arguments',
      ['--token-file', 'eyJhbGciOi.S3cret.x'],
      '',
      /the token itself is among the arguments/,
    ],
    ['a stray argument', ['S3cret'], '', /an argument that belongs to no flag/],
    ['an unknown flag', ['--colour=S3cret'], '', /Unknown option '--colour'/],
    ['an unknown format', ['-o', 'xml'], '', /--output must be text or json/],
    ['an audit ID alone', ['--audit-id', 'x'], '', /--audit-id and --audit-file belong together/],
  ] as const) {
    it(`does not understand ${title}`, async (t) => {
      const args = ['--config', configure(t), ...flags];
      await assert.rejects(run(args, fakeTerminal({ input }), false), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /S3cret/);
        return true;
      });
    });
  }

  it('ends with 2 when there is nothing to look at', async (t) => {
    const good = configure(t);
    const bad = configure(t, { bogus: 1 });
    for (const [args, input, says] of [
      [['--config', good], ' \n', /there is no token/],
      [['--config', good, '--token-file', '/none'], '', /\/none can't be read \(ENOENT\)/],
      [['--config', bad], 'x', /bogus/],
      [[], 'x', /one of --config, --authentication-config or --oidc-\* is required/],
      [['--audit-id', 'x', '--audit-file', '/none'], '', /ENOENT/],
      [['--audit-id', 'x', '--audit-file', good], '', /there is no check with that audit ID/],
    ] as const) {
      const terminal = fakeTerminal({ input });
      assert.equal(await run(args, terminal, false), 2);
      assert.match(terminal.noted(), says);
      assert.equal(terminal.printed(), '');
    }
  });

  /** By the verb alone. */
  function answerAccess(allows: (verb: string) => boolean): void {
    api.answerWith(({ text }, response) => {
      const { resourceAttributes, nonResourceAttributes } = JSON.parse(text).spec;
      const { verb } = resourceAttributes ?? nonResourceAttributes;
      answerJson(response, 201, accessAnswer({ allowed: allows(verb) }));
    });
  }
});
