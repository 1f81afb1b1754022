/** Issuers whose requests act as service accounts, by a real gRPC client, beside one whose users are impersonated. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Question, Reply } from '../support/check-client.ts';
import { startFakeApiServer, type FakeApiServer } from '../support/fake-api-server.ts';
import { accountIn, accountOfBearer, mint, mintNothing } from '../support/minting-api.ts';
import {
  fetchText,
  jwtEntry,
  ownToken,
  startRunningApp,
  type RunningApp,
} from '../support/running-app.ts';

const byTeam = {
  expression: 'claims.team + "/deployer"',
  allowed: ['red/deployer', 'blue/deployer'],
};
const longEnough = 3_600;

describe('an issuer whose requests act as service accounts', () => {
  let people: Issuer;
  let pipelines: Issuer;
  let api: FakeApiServer;
  let running: RunningApp;
  before(async () => {
    [people, pipelines, api] = await Promise.all([
      startIssuer(),
      startIssuer(),
      startFakeApiServer(),
    ]);
    api.answerWith(mint(longEnough));
    const kubernetes = { kubeconfig: api.kubeconfig, token: { file: 'token' } };
    running = await startRunningApp({ issuers: [], config: { kubernetes, jwt: entries(byTeam) } });
  });
  afterEach(() => {
    api.answerWith(mint(longEnough));
  });
  after(async () => {
    await running.stop();
    await Promise.all([people.close(), pipelines.close(), api.stop()]);
  });

  function entries(serviceAccount?: object): readonly object[] {
    const how = { actAs: 'serviceAccount', ...(serviceAccount && { serviceAccount }) };
    return [jwtEntry(people, 'people'), { ...jwtEntry(pipelines, 'pipelines'), ...how }];
  }
  function edit(serviceAccount?: object): void {
    const config = parse(readFileSync(running.configFile, 'utf8'));
    writeFileSync(running.configFile, stringify({ ...config, jwt: entries(serviceAccount) }));
  }
  const tokens = new Map<string, string>();
  /** With the same token each time: what was remembered of it must not outlive a configuration. */
  async function ask(issuer: Issuer, team: string, question: Question = {}): Promise<Reply> {
    const name = `${issuer.url} ${team}`;
    const token = tokens.get(name) ?? (await issuer.mint({ sub: `ci-${team}`, uid: '', team }));
    tokens.set(name, token);
    const lines = [['authorization', `Bearer ${token}`] as const, ...(question.lines ?? [])];
    return running.client.check({ ...question, lines });
  }
  async function become(account: string): Promise<void> {
    await waitUntil(`the account to be ${account}`, async () => {
      return accountOf(await ask(pipelines, 'red', { timeoutMs: 1_000 })) === account;
    });
  }
  function askedFor(account: string): number {
    return api.received.filter(({ url }) => accountIn(url) === account).length;
  }

  it('is beside one whose users are impersonated: each token has its own way', async () => {
    const person = await ask(people, 'red');
    assert.equal(person.headers['authorization'], `Bearer ${ownToken}`);
    assert.equal(person.headers['impersonate-user'], 'ci-red');
    assert.equal(accountOf(await ask(pipelines, 'red')), 'red/deployer');
    await waitUntil('both audit lines', () => running.events().length === 2);
    const events = running.events();
    assert.deepEqual(
      events.map(({ issuer, actAs }) => [issuer, actAs]),
      [
        ['people', 'impersonate'],
        ['pipelines', 'serviceAccount'],
      ],
    );
    const { inbound, outbound } = JSON.parse(JSON.stringify(events[1]));
    assert.equal(inbound.username, 'ci-red');
    assert.deepEqual(outbound, {
      username: 'system:serviceaccount:red:deployer',
      uid: '',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:red', 'system:authenticated'],
      extra: {},
    });
  });

  it('gives each team its own account, and asks for its token once', async () => {
    for (const team of ['red', 'blue', 'red', 'blue']) {
      assert.equal(accountOf(await ask(pipelines, team)), `${team}/deployer`);
    }
    assert.deepEqual([askedFor('red/deployer'), askedFor('blue/deployer')], [1, 1]);
    const [received] = api.received.filter(({ url }) => accountIn(url) === 'blue/deployer');
    assert.equal(received?.authorization, 'Bearer reviewer-token', 'asked as we are');
    assert.deepEqual(JSON.parse(received.text).spec, { audiences: [], expirationSeconds: 600 });
  });

  it('gives nobody an account that is not allowed, and asks for none', async () => {
    const earlier = api.received.length;
    for (const team of ['green', 'red/deployer?', '../red', '']) {
      const reply = await ask(pipelines, team);
      assert.deepEqual([reply.status, reply.reason], [403, 'account_not_allowed'], team);
    }
    assert.equal(api.received.length, earlier);
  });

  for (const form of ['raw', 'joined'] as const) {
    for (const name of [
      'Impersonate-User',
      'IMPERSONATE-GROUP',
      'impersonate-uid',
      'Impersonate-X',
    ]) {
      it(`refuses ${name}, ${form}`, async () => {
        const reply = await ask(pipelines, 'red', { form, lines: [[name, 'bob']] });
        assert.deepEqual([reply.status, reply.reason], [403, 'impersonation_denied']);
        const { message, reason } = JSON.parse(reply.body);
        assert.equal(reason, 'Forbidden');
        assert.match(message, /so they can't ask to be somebody else \(kubectl --as\)/);
      });
    }
  }

  it('removes every name of an identity that came, as it came', async () => {
    const names = ['X-Remote-User', 'x-remote-GROUP', 'x_remote_user', 'Impersonate_User'];
    const reply = await ask(pipelines, 'red', { lines: names.map((name) => [name, 'x'] as const) });
    accountToken(reply);
    assert.deepEqual(reply.remove.toSorted(), names.map((name) => name.toLowerCase()).toSorted());
  });

  it('follows its configuration from one account to another, and drops no check', async () => {
    edit({ namespace: 'one', name: 'x' });
    await become('one/x');
    const stream = { ended: false };
    const replies: Reply[] = [];
    const askOn = async (): Promise<void> => {
      while (!stream.ended) replies.push(await ask(pipelines, 'red'));
    };
    const streams = Promise.all([askOn(), askOn()]);
    /** At least one check more was asked from now on. */
    const goOn = async (): Promise<void> => {
      const seen = replies.length;
      await waitUntil('more checks', () => replies.length > seen + 2);
    };
    try {
      await goOn();
      edit({ namespace: 'two', name: 'y' });
      await become('two/y');
      await goOn();
      assert.match((await running.readyz()).text, /^\[\+\]service-account\/pipelines ok$/m);
      edit();
      await become('ours');
      await goOn();
      assert.doesNotMatch((await running.readyz()).text, /service-account\/pipelines/);
    } finally {
      stream.ended = true;
      await streams;
      edit(byTeam);
      await become('red/deployer');
    }
    assert.deepEqual(new Set(replies.map(accountOf)), new Set(['one/x', 'two/y', 'ours']));
    assert.deepEqual([askedFor('one/x'), askedFor('two/y')], [1, 1]);
  });

  it('is sent the next token before the last one ends, and never goes without', async () => {
    api.answerWith(mint(6)); // it is sent until 5 s before its end
    try {
      edit({ namespace: 'short', name: 'lived' });
      await become('short/lived');
      const replies: Reply[] = [];
      await waitUntil('the third token', async () => {
        replies.push(await ask(pipelines, 'red'));
        return new Set(replies.map(({ headers }) => headers['authorization'])).size === 3;
      });
      assert.deepEqual(new Set(replies.map(accountOf)), new Set(['short/lived']));
    } finally {
      api.answerWith(mint(longEnough));
      edit(byTeam);
      await become('red/deployer');
    }
  });

  it('is denied with 503 that names the permission we lack, which /readyz tells, too', async () => {
    api.answerWith(mintNothing);
    const lacks =
      /there is no token of the service account no\/rights: this proxy's own account lacks the permission to create serviceaccounts\/token for it, which is among what `kube-ext-authz rbac` prints/;
    edit({ namespace: 'no', name: 'rights' });
    await waitUntil('the refusal', async () => (await ask(pipelines, 'red')).status === 503);
    const reply = await ask(pipelines, 'red');
    assert.equal(reply.reason, 'credential_unavailable');
    assert.match(JSON.parse(reply.body).message, lacks);
    const { status, text } = await running.readyz();
    assert.equal(status, 200, 'others go on');
    assert.match(text, lacks);
    assert.match(text, /^\[!\]service-account\/pipelines: /m);
    assert.equal((await ask(people, 'red')).status, 200);
    api.answerWith(mint(longEnough));
    edit(byTeam);
    await become('red/deployer');
  });

  it('is denied in time when the API server says nothing', async () => {
    edit({ expression: '"slow/one"', allowed: ['slow/one'] });
    api.answerWith(() => undefined);
    await waitUntil('the refusal', async () => {
      const { status, reason } = await ask(pipelines, 'red', { timeoutMs: 1_000 });
      return status === 503 && ['credential_unavailable', 'deadline_exceeded'].includes(reason);
    });
    edit(byTeam);
    await become('red/deployer');
  });

  it('is counted, and no token of ours or of anybody’s is in a log or a metric', async () => {
    const { text } = await fetchText(`${running.app.adminURL}/metrics`);
    for (const labels of [
      'decision="allow",reason="",issuer="pipelines",act_as="serviceAccount"',
      'decision="allow",reason="",issuer="people",act_as="impersonate"',
      'decision="deny",reason="account_not_allowed",issuer="pipelines",act_as="serviceAccount"',
      'decision="deny",reason="impersonation_denied",issuer="pipelines",act_as="serviceAccount"',
    ]) {
      assert.ok(text.includes(`kube_ext_authz_checks_total{${labels}} `), labels);
    }
    const all = [text, running.logged(), JSON.stringify(running.events())].join('\n');
    assert.match(all, /a service account token was minted/);
    assert.doesNotMatch(all, /eyJ|minted-for|reviewer-token/);
    assert.ok(!all.includes(ownToken));
  });
});

describe('our own token by TokenRequest', () => {
  it('goes upstream for both ways, is asked for as we are, and makes us ready', async (t) => {
    const [issuer, api] = await Promise.all([startIssuer(), startFakeApiServer()]);
    t.after(() => Promise.all([issuer.close(), api.stop()]));
    const held: (() => void)[] = [];
    api.answerWith((...asked) => void held.push(() => mint(longEnough)(...asked)));
    const tokenRequest = { namespace: 'proxies', serviceAccount: 'proxy', audiences: ['x'] };
    const kubernetes = { kubeconfig: api.kubeconfig, token: { tokenRequest } };
    const acting = { ...jwtEntry(issuer, 'acting'), actAs: 'serviceAccount' };
    const config = { kubernetes, jwt: [acting] };
    const running = await startRunningApp({ issuers: [], config, token: undefined });
    t.after(running.stop);
    await waitUntil('the question', () => held.length === 1);
    const { status, text } = await running.readyz();
    assert.equal(status, 503);
    assert.match(text, /^\[-\]upstream-token: its first token is not there yet$/m);
    held[0]?.();
    await waitUntil('us to be ready', async () => (await running.readyz()).status === 200);
    const token = await issuer.mint({ sub: 'ci', uid: '', team: '' });
    const reply = await running.client.check({ lines: [['authorization', `Bearer ${token}`]] });
    assert.equal(accountOfBearer(reply.headers['authorization']), 'proxies/proxy');
    await waitUntil('the audit line', () => running.events().length === 1);
    const { outbound } = JSON.parse(JSON.stringify(running.events().at(-1)));
    assert.equal(outbound.username, 'system:serviceaccount:proxies:proxy');
    const [received, ...more] = api.received;
    assert.deepEqual(more, []);
    assert.equal(received?.authorization, 'Bearer reviewer-token');
    assert.deepEqual(JSON.parse(received.text).spec, { audiences: ['x'], expirationSeconds: 600 });
  });
});

/** What goes upstream; fails the test unless it is a token alone. */
function accountToken(reply: Reply): string {
  assert.equal(reply.status, 200, reply.body);
  const { authorization = '', ...others } = reply.headers;
  assert.deepEqual(Object.keys(others), ['audit-id']);
  const { headers } = JSON.parse(JSON.stringify(reply.metadata));
  assert.deepEqual(headers, {});
  return authorization;
}

function accountOf(reply: Reply): string {
  const authorization = accountToken(reply);
  return authorization === `Bearer ${ownToken}` ? 'ours' : accountOfBearer(authorization);
}
