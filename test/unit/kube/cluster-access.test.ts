/** Where the API server is and as whom it is asked: kubeconfigs of every kind, Pods, and what changes in them. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { stringify } from 'yaml';
import { createClusterAccess } from '../../../src/kube/cluster-access.ts';
import type { Logger } from '../../../src/lib/logger.ts';

const root = mkdtempSync(join(tmpdir(), 'cluster-access-'));
after(() => rmSync(root, { recursive: true }));

type Fields = Readonly<Record<string, unknown>>;

const credentials: readonly (readonly [
  what: string,
  user: Fields,
  authorization: string | undefined,
])[] = [
  ['a token', { token: 'plain' }, 'Bearer plain'],
  ["a token's file, relative to the kubeconfig", { tokenFile: 'token' }, 'Bearer from-file'],
  ["a token's file beside a token", { token: 'plain', tokenFile: 'token' }, 'Bearer from-file'],
  [
    'a credential plugin',
    { exec: plugin('{"status": {"token": "from-plugin"}}') },
    'Bearer from-plugin',
  ],
  ['nothing', {}, undefined],
];

const refused: readonly (readonly [what: string, cluster: Fields, why: RegExp])[] = [
  ['has no https', { server: 'http://127.0.0.1:1' }, /does not begin with https/],
  ['has another scheme', { server: 'unix:///run/x' }, /does not begin with https/],
  ['has no URL', { server: 'api' }, /does not begin with https/],
  ['verifies nobody', { 'insecure-skip-tls-verify': true }, /insecure-skip-tls-verify/],
  ['goes by a proxy', { 'proxy-url': 'http://127.0.0.1:1' }, /proxy-url/],
];

const badPlugins: readonly (readonly [what: string, script: string])[] = [
  ['prints no JSON', "console.log('secret')"],
  ['prints no status', 'console.log(\'{"token": "secret"}\')'],
  ['fails', "console.error('secret'); process.exitCode = 1"],
];

const broken: readonly (readonly [what: string, text: string])[] = [
  ['is not YAML', 'users: [secret'],
  ['is a text', 'secret'],
  ['is empty', ''],
  ['has an unnamed user', stringify({ ...kubeconfig(), users: [{ user: { token: 'secret' } }] })],
  ['has no current context', stringify({ ...kubeconfig(), 'current-context': 'secret' })],
  ['has no such user', stringify({ ...kubeconfig({ token: 'secret' }), users: [] })],
  ['has no such cluster', stringify({ ...kubeconfig({ token: 'secret' }), clusters: [] })],
];

describe('a kubeconfig', () => {
  for (const [what, user, authorization] of credentials) {
    it(`may have ${what}`, async () => {
      const { headers, server, options } = await createClusterAccess(write(user)).connection();
      assert.equal(headers['Authorization'], authorization);
      assert.equal(server, 'https://127.0.0.1:6443/prefix');
      assert.equal(String(options.ca), 'the CA');
    });
  }

  for (const [what, cluster, why] of refused) {
    it(`is refused when it ${what}`, async () => {
      const access = createClusterAccess(write({ token: 'secret' }, cluster));
      await assert.rejects(access.connection(), { message: why });
    });
  }

  for (const [what, text] of broken) {
    it(`is refused when it ${what}, and nothing of it is told`, async () => {
      const file = write();
      writeFileSync(file, text);
      const error = await faultOf(createClusterAccess(file).connection());
      assert.match(error.message, /^the kubeconfig/);
      assert.doesNotMatch(error.message, /secret/);
      assert.equal(error.cause, undefined);
    });
  }

  for (const [what, script] of badPlugins) {
    it(`may have a credential plugin that ${what}, of which nothing is told`, async () => {
      const { log, lines } = collectLog();
      const file = write({ exec: { command: process.execPath, args: ['-e', script] } });
      const access = createClusterAccess(file, { log });
      const error = await faultOf(access.connection());
      assert.match(error.message, /credential plugin gave no credential/);
      assert.equal(access.fault(), error.message);
      assert.doesNotMatch(inspect([error, lines], { depth: Infinity }), /secret/);
    });
  }

  it('has each fault told once while it lasts, and its end, and while an older version serves, too', async () => {
    const { log, lines } = collectLog();
    const file = write({ tokenFile: 'token' });
    const tokenFile = join(file, '..', 'token');
    const good = readFileSync(file, 'utf8');
    const access = createClusterAccess(file, { log });
    const twice = async (fault: RegExp | undefined): Promise<void> => {
      for (let count = 0; count < 2; count += 1) {
        await access.connection().catch(() => undefined);
        assert.match(access.fault() ?? 'none', fault ?? /^none$/);
      }
    };
    await twice(undefined);
    assert.equal(lines.length, 0);
    writeFileSync(file, 'users: [secret');
    await twice(/^the kubeconfig's last good version is used: the kubeconfig is not one$/);
    rmSync(file);
    await twice(/^the kubeconfig's last good version is used: ENOENT/);
    writeFileSync(file, good);
    await twice(undefined);
    writeFileSync(tokenFile, '');
    await twice(/token is empty$/);
    rmSync(tokenFile);
    await twice(/^ENOENT.*token/);
    writeFileSync(tokenFile, 'secret');
    await twice(undefined);
    const kept = "the kubeconfig's last good version is used";
    assert.deepEqual(
      lines.map(({ message, fault }) => fault?.replace(/:.*/, '') ?? message),
      [kept, kept, wellAgain, `${tokenFile} is empty`, 'ENOENT', wellAgain],
    );
    assert.doesNotMatch(JSON.stringify(lines), /secret/);
  });

  it('is refused when it is not there, and taken when it comes', async () => {
    const file = write();
    const text = readFileSync(file, 'utf8');
    rmSync(file);
    const access = createClusterAccess(file);
    await assert.rejects(access.connection(), /ENOENT/);
    writeFileSync(file, text);
    assert.equal((await access.connection()).headers['Authorization'], 'Bearer plain');
  });

  it('is followed as it changes, and of a new one that is no good the old one stays', async () => {
    const file = write();
    const access = createClusterAccess(file);
    const current = async (): Promise<unknown> =>
      (await access.connection()).headers['Authorization'];
    assert.equal(await current(), 'Bearer plain');
    writeFileSync(file, stringify(kubeconfig({ token: 'second' })));
    assert.equal(await current(), 'Bearer second');
    writeFileSync(file, 'users: [');
    assert.equal(await current(), 'Bearer second');
    assert.equal(await current(), 'Bearer second');
    rmSync(file);
    assert.equal(await current(), 'Bearer second');
    writeFileSync(file, stringify(kubeconfig({ token: 'third' })));
    assert.equal(await current(), 'Bearer third');
  });

  it('has the files that it names read each time', async () => {
    const file = write({ tokenFile: 'token', 'client-certificate': 'cert', 'client-key': 'key' });
    const folder = join(file, '..');
    const access = createClusterAccess(file);
    for (const version of ['one', 'two']) {
      for (const name of ['ca', 'token', 'cert', 'key']) {
        writeFileSync(join(folder, name), `${name}-${version}`);
      }
      const { options, headers } = await access.connection();
      const seen = [options.ca, options.cert, options.key, headers['Authorization']].map(String);
      assert.deepEqual(
        seen,
        ['ca', 'cert', 'key', 'Bearer token'].map((name) => `${name}-${version}`),
      );
    }
    for (const name of ['ca', 'token']) {
      const text = readFileSync(join(folder, name), 'utf8');
      rmSync(join(folder, name));
      await assert.rejects(access.connection(), /ENOENT/);
      writeFileSync(join(folder, name), text);
      await access.connection();
    }
  });

  it('has its credential plugin run once for many who ask at once', async () => {
    const count = join(root, 'count');
    const script = `require('fs').appendFileSync(${JSON.stringify(count)}, 'x'); console.log('{"status": {"token": "t"}}')`;
    const access = createClusterAccess(
      write({ exec: { command: process.execPath, args: ['-e', script] } }),
    );
    const all = await Promise.all(Array.from({ length: 50 }, () => access.connection()));
    assert.ok(all.every(({ headers }) => headers['Authorization'] === 'Bearer t'));
    assert.equal(readFileSync(count, 'utf8'), 'x');
  });
});

describe('a Pod', () => {
  it('has its own files used', async (t) => {
    setHost(t, '10.0.0.1');
    const pod = mkdtempSync(join(root, 'pod-'));
    const folder = join(pod, 'var/run/secrets/kubernetes.io/serviceaccount');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'ca.crt'), 'the CA');
    const access = createClusterAccess(undefined, { podRoot: pod });
    for (const token of ['first', 'second']) {
      writeFileSync(join(folder, 'token'), `${token}\n`);
      const { server, options, headers } = await access.connection();
      assert.equal(server, 'https://10.0.0.1:443');
      assert.equal(String(options.ca), 'the CA');
      assert.equal(headers['Authorization'], `Bearer ${token}`);
    }
  });

  it('is what nobody is elsewhere', async (t) => {
    setHost(t, '');
    await assert.rejects(createClusterAccess().connection(), /is not a Pod of a cluster/);
  });
});

const wellAgain = 'our own access to the API server is well again';

interface Line {
  readonly message: string;
  readonly fault?: string;
}

function collectLog(): { readonly log: Logger; readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  const log = (fields: object, message: string): void => void lines.push({ ...fields, message });
  return { log: { debug: log, info: log, warn: log, error: log }, lines };
}

function setHost(t: TestContext, host: string): void {
  const { KUBERNETES_SERVICE_HOST: oldHost, KUBERNETES_SERVICE_PORT: oldPort } = process.env;
  process.env['KUBERNETES_SERVICE_HOST'] = host;
  process.env['KUBERNETES_SERVICE_PORT'] = '443';
  t.after(() => {
    process.env['KUBERNETES_SERVICE_HOST'] = oldHost ?? '';
    process.env['KUBERNETES_SERVICE_PORT'] = oldPort ?? '';
  });
}

async function faultOf(work: Promise<unknown>): Promise<Error> {
  const error = await work.catch((thrown: unknown) => thrown);
  assert.ok(error instanceof Error);
  return error;
}

/** A kubeconfig in a folder of its own, beside the files that it may name. */
function write(user: Fields = { token: 'plain' }, cluster: Fields = {}): string {
  const folder = mkdtempSync(join(root, 'kubeconfig-'));
  writeFileSync(join(folder, 'ca'), 'the CA');
  writeFileSync(join(folder, 'token'), 'from-file\n');
  const file = join(folder, 'config');
  writeFileSync(file, stringify(kubeconfig(user, cluster)));
  return file;
}

function kubeconfig(user: Fields = {}, cluster: Fields = {}): object {
  const server = 'https://127.0.0.1:6443/prefix/';
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': 'ca', ...cluster } }],
    users: [
      { name: 'other', user: { tokenFile: 'another' } },
      { name: 'u', user },
    ],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
}

function plugin(output: string): Fields {
  return { command: process.execPath, args: ['-e', `console.log('${output}')`] };
}
