/** Our own token and those of the accounts that the configuration names: which are at hand, for whom, and until when. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { waitUntil } from '../../lab/wait.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { AccountCredential } from '../../src/decision/decide.ts';
import { accountIdentity } from '../../src/identity/service-account.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { Logger } from '../../src/lib/logger.ts';
import {
  createUpstreamCredentials,
  type UpstreamCredentials,
} from '../../src/upstream-credentials.ts';
import { jwtEntry, minimal, writeFiles } from '../support/config-files.ts';
import { denialOf } from '../support/denials.ts';
import { refusal } from '../support/minted-accounts.ts';
import { encodePart } from '../support/signed-token.ts';

const red = { namespace: 'red', name: 'deployer' };
const blue = { namespace: 'blue', name: 'deployer' };
const tokenRequest = { namespace: 'proxies', serviceAccount: 'proxy', expirationSeconds: 900 };
const ownName = { namespace: 'proxies', name: 'proxy' };
const fileToken = `a.${encodePart({ sub: 'system:serviceaccount:proxies:filed' })}.b`;
const silent = (): void => undefined;
const log: Logger = { debug: silent, info: silent, warn: silent, error: silent };
const often = { intervalMs: 5 };

interface Asked {
  readonly account: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Rig {
  readonly credentials: UpstreamCredentials;
  readonly asked: readonly Asked[];
  /** How often the account was asked for. */
  readonly count: (account: string) => number;
}

describe('our own token', () => {
  it('of a file is the file’s, and its bearer whom it names', async (t) => {
    const { credentials, asked } = await start(t, [acting('own', undefined)]);
    assert.equal(await credentials.upstreamToken(soon()), fileToken);
    const outbound = accountIdentity({ namespace: 'proxies', name: 'filed' });
    assert.deepEqual(await credentials.accountCredential(undefined, soon()), {
      token: fileToken,
      outbound,
    });
    assert.deepEqual(partsOf(credentials), ['upstream-token']);
    assert.deepEqual(asked, []);
  });

  it('is minted at once where it is asked for, and keeps us from being ready until then', async (t) => {
    const { credentials, asked } = await start(t, [], { tokenRequest });
    const [part = assert.fail(), ...others] = credentials.readiness();
    assert.deepEqual([part.name, part.optional ?? false, others], ['upstream-token', false, []]);
    assert.equal(part.fault(), 'its first token is not there yet');
    assert.equal(credentials.expiry(), undefined);
    assert.equal(await credentials.upstreamToken(soon()), 'token-of-proxies/proxy-1');
    assert.equal(part.fault(), undefined);
    assert.ok((credentials.expiry() ?? 0) > Date.now() / 1000 + 800);
    assert.deepEqual(asked, [
      { account: 'proxies/proxy', spec: { audiences: [], expirationSeconds: 900 } },
    ]);
    const credential = await credentials.accountCredential(undefined, soon());
    assert.equal(credential.token, 'token-of-proxies/proxy-1');
    assert.deepEqual(credential.outbound, accountIdentity(ownName));
  });

  it('that is refused is told in /readyz and to whoever asks', async (t) => {
    const { credentials } = await start(t, [], { tokenRequest }, true);
    const { reason, message } = await denialOf(() => credentials.upstreamToken(soon()));
    assert.equal(reason, 'credential_unavailable');
    assert.match(message, /proxies\/proxy: this proxy's own account lacks the permission/);
    assert.equal(credentials.readiness()[0]?.fault(), message);
  });

  it('is bound to our Pod, and nobody else’s is', async (t) => {
    const pod = { POD_NAMESPACE: 'proxies', POD_NAME: 'p-1', POD_UID: 'u-1' };
    Object.assign(process.env, pod, { POD_SERVICE_ACCOUNT: 'proxy' });
    t.after(() => {
      for (const name of [...Object.keys(pod), 'POD_SERVICE_ACCOUNT']) {
        Reflect.deleteProperty(process.env, name);
      }
    });
    const { credentials, asked } = await start(t, [acting('red', red)], { tokenRequest });
    await credentials.upstreamToken(soon());
    await credentials.accountCredential(termsOf(red), soon());
    const bound = { kind: 'Pod', apiVersion: 'v1', name: 'p-1', uid: 'u-1' };
    const refs = asked.map(({ account, spec }) => [account, spec['boundObjectRef']]);
    assert.deepEqual(Object.fromEntries(refs), {
      'proxies/proxy': bound,
      'red/deployer': undefined,
    });
  });
});

describe('the token of an account', () => {
  it('that is named is minted at once, and one that an expression gives when it is needed', async (t) => {
    const byTeam = { expression: 'claims.account', allowed: ['blue/deployer'] };
    const { credentials, count } = await start(t, [acting('red', red), acting('teams', byTeam)]);
    assert.deepEqual([count('red/deployer'), count('blue/deployer')], [1, 0]);
    const credential = await credentials.accountCredential(termsOf(blue), soon());
    assert.deepEqual(credential, credentialOf(blue, 1));
    assert.equal(count('blue/deployer'), 1);
    assert.deepEqual(partsOf(credentials), ['upstream-token', 'service-account/red']);
  });

  it('is minted once for all who want it, and at hand then', async (t) => {
    const { credentials, count } = await start(t, []);
    const terms = termsOf(red);
    const first = credentials.accountCredential(terms, soon());
    const others = [terms, termsOf(red), termsOf(red)].map((one) =>
      credentials.accountCredential(one, soon()),
    );
    for (const one of await Promise.all([first, ...others])) {
      assert.deepEqual(one, credentialOf(red, 1));
    }
    assert.deepEqual(credentials.accountCredential(terms, soon()), credentialOf(red, 1));
    assert.equal(count('red/deployer'), 1);
  });

  it('is another one for other audiences or another life', async (t) => {
    const { credentials, count } = await start(t, []);
    await credentials.accountCredential(termsOf(red), soon());
    await credentials.accountCredential({ ...termsOf(red), audiences: ['vault'] }, soon());
    await credentials.accountCredential({ ...termsOf(red), expirationSeconds: 700 }, soon());
    assert.equal(count('red/deployer'), 3);
  });

  it('that can’t be had is told of its issuer, and keeps nobody from being ready', async (t) => {
    const { credentials } = await start(t, [acting('red', red)], undefined, true);
    const part = credentials.readiness()[1] ?? assert.fail();
    assert.deepEqual([part.name, part.optional], ['service-account/red', true]);
    const { reason, message } = await denialOf(() =>
      credentials.accountCredential(termsOf(red), soon()),
    );
    assert.equal(reason, 'credential_unavailable');
    assert.equal(part.fault(), message);
  });
});

describe('another configuration', () => {
  it('keeps the accounts that it names, mints those that are new, and tells of no other', async (t) => {
    const { credentials, count } = await start(t, [acting('one', red)]);
    await credentials.accountCredential(termsOf(red), soon());
    credentials.replace(configOf([acting('one', red), acting('two', blue)]));
    await waitUntil('the new one', () => count('blue/deployer') === 1, often);
    assert.deepEqual(partsOf(credentials), [
      'upstream-token',
      'service-account/one',
      'service-account/two',
    ]);
    credentials.replace(configOf([acting('two', blue)]));
    assert.deepEqual(partsOf(credentials), ['upstream-token', 'service-account/two']);
    assert.deepEqual(
      await credentials.accountCredential(termsOf(blue), soon()),
      credentialOf(blue, 1),
    );
    // A check that is under way is still served what it had.
    assert.deepEqual(
      await credentials.accountCredential(termsOf(red), soon()),
      credentialOf(red, 1),
    );
    assert.deepEqual([count('red/deployer'), count('blue/deployer')], [1, 1]);
  });

  it('renews what it keeps, and not what it forgot', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 });
    const entries = [acting('one', red), acting('two', blue)];
    const { credentials, count } = await start(t, entries, { tokenRequest });
    await settle();
    assert.deepEqual(counts(count), [1, 1, 1]);
    credentials.replace(configOf([acting('again', blue)], { tokenRequest }));
    for (let passed = 0; passed < 1_400; passed += 20) {
      t.mock.timers.tick(20_000);
      await settle();
    }
    // Of 600 s each is renewed after 480, of 900 s after 720.
    assert.deepEqual(counts(count), [1, 3, 2]);
  });

  it('does not touch our own token', async (t) => {
    const { credentials, count } = await start(t, [], { tokenRequest });
    const token = await credentials.upstreamToken(soon());
    const other = { tokenRequest: { ...tokenRequest, serviceAccount: 'other' } };
    credentials.replace(configOf([acting('red', red)], other));
    assert.equal(await credentials.upstreamToken(soon()), token);
    assert.deepEqual([count('proxies/proxy'), count('proxies/other')], [1, 0]);
  });
});

describe('when we stop', () => {
  it('nobody gets a minted token any more', async (t) => {
    const { credentials } = await start(t, [acting('red', red)], { tokenRequest });
    await credentials.upstreamToken(soon());
    credentials.stop();
    for (const ask of [
      () => credentials.upstreamToken(soon()),
      () => credentials.accountCredential(termsOf(red), soon()),
      () => credentials.accountCredential(undefined, soon()),
    ]) {
      assert.match((await denialOf(ask)).message, /shutting down/);
    }
  });
});

async function start(
  t: TestContext,
  jwt: readonly object[],
  token?: object,
  refuses = false,
): Promise<Rig> {
  const asked: Asked[] = [];
  const client: KubeClient = {
    post: async (path, body) => {
      const account = accountIn(path);
      const { spec } = JSON.parse(JSON.stringify(body));
      asked.push({ account, spec });
      if (refuses) return { status: 403, content: forbidden };
      return { status: 201, content: answer(account, count(account), spec.expirationSeconds) };
    },
    get: () => assert.fail('nothing is read'),
    stop: silent,
  };
  const count = (account: string): number => asked.filter((one) => one.account === account).length;
  const credentials = await createUpstreamCredentials(configOf(jwt, token), { client, log });
  t.after(credentials.stop);
  return { credentials, asked, count };
}

const forbidden = refusal(403, 'User "proxy" cannot create resource "serviceaccounts/token"');

function answer(account: string, number: number, seconds: number): object {
  const now = Date.now();
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: new Date(now).toISOString() },
    status: {
      token: `token-of-${account}-${number}`,
      expirationTimestamp: new Date(now + seconds * 1000).toISOString(),
    },
  };
}

function accountIn(path: string): string {
  const [, namespace, name] =
    /^\/api\/v1\/namespaces\/([^/]+)\/serviceaccounts\/([^/]+)\/token$/.exec(path) ?? [];
  assert.ok(namespace !== undefined && name !== undefined, path);
  return `${namespace}/${name}`;
}

function configOf(jwt: readonly object[], token: object = { file: 'token' }): Config {
  const entries = jwt.length > 0 ? jwt : [jwtEntry];
  const config = { ...minimal, kubernetes: { token }, jwt: entries };
  const folder = writeFiles({ 'config.yaml': config, token: fileToken });
  return loadConfig(join(folder, 'config.yaml'));
}

function acting(name: string, serviceAccount: object | undefined): object {
  const issuer = { ...jwtEntry.issuer, url: `https://${name}.example` };
  const how = { actAs: 'serviceAccount', ...(serviceAccount && { serviceAccount }) };
  return { ...jwtEntry, issuer, name, ...how };
}

function termsOf(account: typeof red) {
  return { account, audiences: [], expirationSeconds: 600 };
}

function credentialOf(account: typeof red, number: number): AccountCredential {
  const token = `token-of-${account.namespace}/${account.name}-${number}`;
  return { token, outbound: accountIdentity(account) };
}

function counts(count: Rig['count']): readonly number[] {
  return ['red/deployer', 'blue/deployer', 'proxies/proxy'].map(count);
}

function partsOf(credentials: UpstreamCredentials): readonly string[] {
  return credentials.readiness().map(({ name }) => name);
}

function soon(): { deadline: number; signal: AbortSignal } {
  return { deadline: Date.now() + 10_000, signal: new AbortController().signal };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
