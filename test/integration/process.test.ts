/** The program from outside: exit codes, what it says about a bad configuration, and an end that loses no check. */
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { jwksPath, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import { healthServiceName, loadService } from '../../src/transport/proto.ts';
import { connectCheckClient } from '../support/check-client.ts';
import { fetchText, jwtEntry } from '../support/running-app.ts';
import { runProgram, startServerProcess } from '../support/server-process.ts';

type Row = readonly [what: string, args: readonly string[], code: number, says: RegExp];

const commandLines: readonly Row[] = [
  ['nothing', [], 2, /^usage: kube-ext-authz COMMAND/],
  ['an unknown command', ['run'], 2, /there is no command "run"/],
  ['an unknown flag', ['serve', '--confg', 'x'], 1, /Unknown option '--confg'/],
  ['no configuration', ['serve'], 1, /one of --config, --authentication-config or --oidc-\*/],
  ['a file that is not there', ['serve', '--config', '/none.yaml'], 1, /\/none\.yaml: .*ENOENT/],
  [
    'a file beside flags',
    ['check-config', '--config', 'a', '--oidc-client-id', 'b'],
    1,
    /--config can't be combined with --oidc-client-id/,
  ],
];

describe('the program', () => {
  let dir: string;
  let issuer: Issuer;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'process-'));
    issuer = await startIssuer();
    writeFileSync(join(dir, 'token'), 'own-token');
  });
  after(async () => {
    await issuer.close();
    rmSync(dir, { recursive: true });
  });

  function writeConfig(settings: object): string {
    const file = join(dir, 'config.yaml');
    const base = {
      apiVersion: 'kube-ext-authz.dev/v1alpha1',
      kind: 'Configuration',
      grpc: { address: '127.0.0.1:0', drainPeriod: '5s' },
      admin: { address: '127.0.0.1:0' },
      kubernetes: { token: { file: 'token' } },
      jwt: [jwtEntry(issuer, 'lab')],
    };
    writeFileSync(file, stringify({ ...base, ...settings }));
    return file;
  }

  for (const [what, args, code, says] of commandLines) {
    it(`given ${what} exits with ${code} and says what is wrong`, async () => {
      const ended = await runProgram(args);
      assert.equal(ended.code, code);
      assert.match(ended.stderr, says);
      assert.equal(ended.stdout, '');
    });
  }

  it('prints its usage on request', async () => {
    const { code, stdout } = await runProgram(['serve', '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /--authentication-config FILE/);
  });

  it('checks a configuration without opening a connection', async () => {
    const asked = [...issuer.requests.values()];
    const { code, stdout } = await runProgram(['check-config', '--config', writeConfig({})]);
    assert.equal(code, 0);
    assert.match(stdout, /the configuration is good: 1 issuer/);
    assert.deepEqual([...issuer.requests.values()], asked);
  });

  it('tells every fault of a configuration at once, and serves nothing', async () => {
    const file = writeConfig({
      grpc: { address: 'x' },
      impersonation: { maxHeaderValues: 0 },
      colour: 'red',
      jwt: [],
    });
    for (const command of ['check-config', 'serve']) {
      const { code, stderr } = await runProgram([command, '--config', file]);
      assert.equal(code, 1);
      const told = stderr.split('\n').map((line) => line.replace(`error: ${file}: `, ''));
      assert.deepEqual(told, [
        'grpc.address: must be host:port, such as 127.0.0.1:9001, or unix:/path',
        'impersonation.maxHeaderValues: Too small: expected number to be >=1',
        'unknown field "colour"',
        'jwt: at least one of jwt, authentication.configFile and tokenReview is required',
        '',
      ]);
    }
  });

  it('says NOT_SERVING first when it is told to stop, finishes the checks it has, and exits with 0', async () => {
    const server = await startServerProcess(['--config', writeConfig({})]);
    const health = connectHealth(server.grpcAddress);
    const client = connectCheckClient(server.grpcAddress);
    const statuses = health.watch();
    await waitUntil('the server to be healthy', () => statuses.at(-1) === 'SERVING');
    assert.equal(await health.check('envoy.service.auth.v3.Authorization'), 'SERVING');
    assert.equal(await health.check('somebody.else'), 'NOT_FOUND');
    // A check that waits for the issuer while the server is told to stop.
    issuer.replaceHandler(jwksPath, () => undefined);
    await issuer.rotateKeys();
    const token = await issuer.mint({ sub: 'alice', uid: '1', team: 'blue' });
    const lines = [['authorization', `Bearer ${token}`]] as const;
    const waiting = client.check({ lines, timeoutMs: 6_000 });
    server.signal('SIGTERM');
    await waitUntil('NOT_SERVING', () => statuses.at(-1) === 'NOT_SERVING');
    assert.equal(await health.check(''), 'NOT_SERVING');
    const { status, text } = await fetchText(`${server.adminURL}/readyz`);
    assert.equal(status, 503);
    assert.match(text, /^\[-\]grpc: it is draining$/m);
    assert.equal((await client.check({})).reason, 'token_missing');
    assert.equal((await waiting).reason, 'deadline_exceeded');
    client.close();
    health.close();
    assert.equal((await server.ended).code, 0);
    assert.deepEqual(statuses.slice(-2), ['SERVING', 'NOT_SERVING']);
    issuer.replaceHandler(jwksPath, undefined);
  });

  it('writes audit lines to standard output and its log to standard error, and no token in either', async () => {
    const file = writeConfig({
      log: { level: 'trace' },
      grpc: { address: '127.0.0.1:0', drainPeriod: '0s' },
    });
    const server = await startServerProcess(['--config', file]);
    const client = connectCheckClient(server.grpcAddress);
    const token = await issuer.mint({ sub: 'alice', uid: '1', team: 'blue' });
    for (const text of [token, `${token}x`, token.slice(0, -3), 'garbage-token-text']) {
      await client.check({ lines: [['authorization', `Bearer ${text}`]] });
    }
    client.close();
    server.signal('SIGINT');
    const { code, stdout, stderr } = await server.ended;
    assert.equal(code, 0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg);
    assert.deepEqual(events, ['check', 'check', 'check', 'check']);
    assert.ok(
      stderr
        .trim()
        .split('\n')
        .every((line) => 'time' in JSON.parse(line)),
    );
    assert.doesNotMatch(stdout + stderr, /eyJ|own-token|garbage-token-text|PRIVATE/);
  });

  it("serves by kube-apiserver's own file and by its own flags", async () => {
    const doors = ['--grpc-address', '127.0.0.1:0', '--admin-address', '127.0.0.1:0'];
    const own = [...doors, '--token-file', join(dir, 'token')];
    const authentication = join(dir, 'authentication.yaml');
    const { name: _, ...entry } = { name: '', ...jwtEntry(issuer, 'lab') };
    const head = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration' };
    writeFileSync(authentication, stringify({ ...head, jwt: [entry] }));
    writeFileSync(join(dir, 'issuer.crt'), issuer.caPem);
    const oidc = {
      '--oidc-issuer-url': issuer.url,
      '--oidc-client-id': 'kubernetes',
      '--oidc-ca-file': join(dir, 'issuer.crt'),
      '--oidc-username-prefix': 'oidc:',
      '--oidc-groups-claim': 'groups',
      '--oidc-required-claim': 'team=blue',
    };
    const claims = { sub: 'alice', uid: '1', team: 'blue', groups: ['dev'] };
    for (const [flags, username] of [
      [['--authentication-config', authentication], 'alice'],
      [Object.entries(oidc).flat(), 'oidc:alice'],
    ] as const) {
      const server = await startServerProcess([...flags, ...own]);
      await waitUntil('the server to be ready', async () => {
        return (await fetchText(`${server.adminURL}/readyz`)).status === 200;
      });
      const client = connectCheckClient(server.grpcAddress);
      const ask = async (team: string): ReturnType<typeof client.check> => {
        const token = await issuer.mint({ ...claims, team });
        return client.check({ lines: [['authorization', `Bearer ${token}`]] });
      };
      const { headers, body } = await ask('blue');
      assert.equal(headers['impersonate-user'], username, body);
      const other = await ask('red');
      assert.equal(other.status, flags.includes('--oidc-required-claim') ? 401 : 200);
      client.close();
      server.signal('SIGKILL'); // how it ends in order is another test's
      await server.ended;
    }
  });

  it('goes down at once at the second signal', async () => {
    const server = await startServerProcess([
      '--config',
      writeConfig({ grpc: { address: '127.0.0.1:0', drainPeriod: '1h' } }),
    ]);
    server.signal('SIGTERM');
    await waitUntil('the drain to begin', () => server.stderr().includes('draining'));
    server.signal('SIGTERM');
    assert.equal((await server.ended).code, null);
  });
});

interface HealthClient {
  check(service: string): Promise<string>;
  /** The statuses of the whole server, as they come. */
  watch(): readonly string[];
  close(): void;
}

function connectHealth(address: string): HealthClient {
  const Client = makeGenericClientConstructor(loadService('health', healthServiceName), 'Health');
  const client = new Client(address, credentials.createInsecure());
  return {
    check: (service) =>
      new Promise((resolve) => {
        client['Check']?.({ service }, (error: Error | null, reply?: { status: string }) => {
          resolve(error ? error.message.replace(/^\d+ (\w+):.*/, '$1') : (reply?.status ?? ''));
        });
      }),
    watch: () => {
      const statuses: string[] = [];
      const call = client['Watch']?.({ service: '' });
      call.on('data', ({ status }: { status: string }) => statuses.push(status));
      call.on('error', () => undefined);
      return statuses;
    },
    close: () => client.close(),
  };
}
