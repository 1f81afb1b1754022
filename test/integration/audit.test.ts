/** The audit logs of the running program: what it does when they take no more, when it is stopped, and when a file is rotated. */
import assert from 'node:assert/strict';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import { auditIDs, idsIn, leastBytes, makePipe, readPipe } from '../support/audit-logs.ts';
import { connectCheckClient, type CheckClient, type Reply } from '../support/check-client.ts';
import { fetchText, jwtEntry, startRunningApp, type RunningApp } from '../support/running-app.ts';
import { startServerProcess } from '../support/server-process.ts';

let issuer: Issuer;
let folder: string;
before(async () => {
  issuer = await startIssuer();
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
});
after(async () => {
  await issuer.close();
  rmSync(folder, { recursive: true });
});

describe('a server whose audit log takes no more', () => {
  it('denies every check while it may lose none, says so, and goes on when there is room', async () => {
    const path = makePipe(join(folder, 'blocked'));
    const running = await start({ path, queueBytes: leastBytes });
    const lines = await tokenLines();
    const replies: Reply[] = [];
    await waitUntil('a check to be denied for it, and the next one too', async () => {
      for (let check = 0; check < 50; check += 1) {
        replies.push(await running.client.check({ lines }));
      }
      return replies.slice(-20).every(({ reason }) => reason === 'audit_unavailable');
    });
    const last = replies.at(-1);
    assert.equal(last?.status, 503);
    assert.match(last?.body ?? '', /the audit log has no room for this request/);
    const allowed = replies.filter(({ status }) => status === 200).length;
    assert.equal(
      replies.filter(({ reason }) => reason === 'audit_unavailable').length,
      replies.length - allowed,
    );
    const { status, text } = await running.readyz();
    assert.equal(status, 503);
    assert.match(text, /^\[-\]audit: the queue of \/.*\/blocked is full \(4096 bytes\)/m);
    const metrics = await metricsOf(running);
    assert.match(
      metrics,
      new RegExp(`^kube_ext_authz_checks_total\\{.*"allow".*\\} ${allowed}$`, 'm'),
    );
    assert.match(metrics, /^kube_ext_authz_checks_total\{.*reason="audit_unavailable".*\} \d+$/m);
    assert.match(metrics, /^kube_ext_authz_audit_dropped_total\{format="json"\} 0$/m);
    const reader = readPipe(path);
    await waitUntil('room', async () => (await running.readyz()).status === 200);
    assert.equal((await running.client.check({ lines })).status, 200);
    await running.stop();
    await waitUntil('every line', () => auditIDs(reader.text()).length === allowed + 1);
  });

  it('lets checks go on and counts the lines where they may be lost', async () => {
    const running = await start({ path: '/dev/full', queueBytes: leastBytes, onFull: 'drop' });
    const lines = await tokenLines();
    for (let check = 0; check < 50; check += 1) {
      assert.equal((await running.client.check({ lines })).status, 200);
    }
    const { status, text } = await running.readyz();
    assert.equal(status, 200);
    assert.match(text, /^\[!\]audit-writes: the queue of \/dev\/full is full .*ENOSPC/m);
    const metrics = await metricsOf(running);
    const [, dropped] =
      /^kube_ext_authz_audit_dropped_total\{format="json"\} (\d+)$/m.exec(metrics) ?? [];
    assert.ok(Number(dropped) > 0 && Number(dropped) < 50, dropped);
    assert.match(metrics, /^kube_ext_authz_audit_failures_total [1-9]/m);
    await running.stop();
  });
});

describe('the program', () => {
  it('writes what it has when it is told to stop', async () => {
    const path = join(folder, 'flushed.log');
    const { server, client } = await startProgram([{ format: 'kube-oidc-proxy', path }]);
    const lines = await tokenLines();
    const replies = await Promise.all(
      Array.from({ length: 200 }, () => client.check({ lines, path: '/api/v1/nodes' })),
    );
    server.signal('SIGTERM');
    client.close();
    assert.equal((await server.ended).code, 0);
    const text = readFileSync(path, 'utf8');
    assert.equal(text.trimEnd().split('\n').length, replies.length);
    assert.match(
      text,
      /^\[\S+\+0000\] AuSuccess src:\[\S+ \/ \] URI:\/api\/v1\/nodes inbound:\[alice/,
    );
  });

  it('ends although nobody reads its audit log, and says what is lost', async () => {
    const path = makePipe(join(folder, 'stuck'));
    const sink = { path, queueBytes: 1_048_576, onFull: 'drop' };
    const { server, client } = await startProgram([sink]);
    for (let check = 0; check < 300; check += 1) await client.check({});
    server.signal('SIGTERM');
    client.close();
    const { code, stderr } = await server.ended;
    assert.equal(code, 0);
    assert.match(stderr, /"lines":\d+,"msg":"lines of the audit log were not written"/);
  });

  it('denies checks while nobody reads its standard output, and has written all others in the end', async () => {
    const path = makePipe(join(folder, 'stdout'));
    const stdout = openSync(path, 'r+');
    const { server, client } = await startProgram([{ queueBytes: leastBytes }], stdout);
    closeSync(stdout);
    const answered: (string | undefined)[] = [];
    let refused = 0;
    await waitUntil('check after check to be denied for it', async () => {
      for (let check = 0; check < 50; check += 1) {
        const reply = await client.check({});
        refused = reply.reason === 'audit_unavailable' ? refused + 1 : 0;
        if (refused === 0) answered.push(idOf(reply));
      }
      return refused >= 50;
    });
    const reader = readPipe(path);
    await waitUntil('a check to have its own answer again', async () => {
      const reply = await client.check({});
      if (reply.reason === 'token_missing') answered.push(idOf(reply));
      return reply.reason === 'token_missing';
    });
    server.signal('SIGTERM');
    client.close();
    assert.equal((await server.ended).code, 0);
    await waitUntil('the last line', () => auditIDs(reader.text()).at(-1) === answered.at(-1));
    assert.deepEqual(auditIDs(reader.text()), answered);
  });

  it('opens the file anew at SIGHUP, and goes on', async () => {
    const path = join(folder, 'rotated.log');
    const { server, client } = await startProgram([{ path }]);
    const first = await client.check({});
    await waitUntil('its line', () => idsIn(path).length === 1);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '');
    server.signal('SIGHUP');
    // The signal says nothing back: a check finds out.
    const ids: (string | undefined)[] = [];
    await waitUntil('a line in the new file', async () => {
      ids.push(idOf(await client.check({})));
      return idsIn(path).length > 0;
    });
    server.signal('SIGTERM');
    client.close();
    assert.equal((await server.ended).code, 0);
    assert.deepEqual([...idsIn(`${path}.1`), ...idsIn(path)], [idOf(first), ...ids]);
  });
});

function start(sink: object): Promise<RunningApp> {
  return startRunningApp({ issuers: [issuer], config: { audit: [{ format: 'json', ...sink }] } });
}

async function startProgram(
  sinks: readonly object[],
  stdout?: number,
): Promise<{
  readonly server: Awaited<ReturnType<typeof startServerProcess>>;
  readonly client: CheckClient;
}> {
  const file = join(folder, 'config.yaml');
  writeFileSync(join(folder, 'token'), 'own-token');
  const config = {
    apiVersion: 'kube-ext-authz.dev/v1alpha1',
    kind: 'Configuration',
    grpc: { address: '127.0.0.1:0', drainPeriod: '0s' },
    admin: { address: '127.0.0.1:0' },
    kubernetes: { token: { file: 'token' } },
    jwt: [jwtEntry(issuer, 'lab')],
    audit: sinks.map((sink) => ({ format: 'json', ...sink })),
  };
  writeFileSync(file, stringify(config));
  const server = await startServerProcess(['--config', file], stdout);
  await waitUntil(
    'it to be ready',
    async () => (await fetchText(`${server.adminURL}/readyz`)).status === 200,
  );
  return { server, client: connectCheckClient(server.grpcAddress) };
}

async function tokenLines(): Promise<readonly (readonly [string, string])[]> {
  const token = await issuer.mint({ sub: 'alice', uid: '1', team: 'blue' });
  return [['authorization', `Bearer ${token}`]];
}

async function metricsOf({ app }: RunningApp): Promise<string> {
  return (await fetchText(`${app.adminURL}/metrics`)).text;
}

function idOf({ headers }: Reply): string | undefined {
  return headers['audit-id'];
}
