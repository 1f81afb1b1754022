/** The server goes while requests flow: what it could not decide about does not reach the API server. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { mintForAlice } from '../../lab/alice.ts';
import { readAudit } from '../../lab/audit-log.ts';
import { startEnvoy, type RunningEnvoy } from '../../lab/envoy.ts';
import { httpsGet } from '../../lab/https.ts';
import { startProcess, waitUntil } from '../../lab/process.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { startServer, type RunningServer } from '../../lab/server.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const path = '/api/v1/namespaces/default/pods';

/** Statuses of requests that are sent one after the other by several senders, until it is stopped. */
interface Flow {
  readonly statuses: readonly number[];
  stop(): Promise<void>;
}

describe('while requests flow', () => {
  let quickstart: Quickstart;
  let ca: string;
  let token: string;
  before(async () => {
    quickstart = await startTemporaryQuickstart();
    ca = readFileSync(quickstart.files.ca, 'utf8');
    ({ token } = await mintForAlice(quickstart.issuer));
  });
  after(() => quickstart.stop());

  function startFlow(url: string, agent: string): Flow {
    const statuses: number[] = [];
    const ending = new AbortController();
    const send = async (): Promise<void> => {
      while (!ending.signal.aborted) {
        const headers = { 'user-agent': agent };
        const { status } = await httpsGet({ url: `${url}${path}`, ca, token, headers });
        statuses.push(status);
      }
    };
    const senders = Promise.all(Array.from({ length: 4 }, send));
    const stop = async (): Promise<void> => {
      ending.abort();
      await senders;
    };
    return { statuses, stop };
  }

  /** Events by user agent: each is a request of alice's, and there are as many as were answered with 200. */
  function assertOnlyAlice(agent: string, statuses: readonly number[]): void {
    const arrived = readAudit(quickstart.files.apiServerAudit).filter(
      ({ userAgent }) => userAgent === agent,
    );
    assert.ok(arrived.every(({ impersonatedUser }) => impersonatedUser?.username === 'alice'));
    assert.equal(arrived.length, statuses.filter((status) => status === 200).length);
  }

  it('a server that is killed leaves 503 and nothing upstream, and comes back', async (t) => {
    const flow = startFlow(quickstart.envoy.url, 'killed');
    t.after(() => flow.stop());
    await flowed(flow, (status) => status === 200);
    process.kill(quickstart.server.process.pid, 'SIGKILL');
    await quickstart.server.process.exited;
    await flowed(flow, (status) => status === 503);
    const again = restart(quickstart);
    t.after(() => again.stop());
    await flowed(flow, (status) => status === 200);
    await flow.stop();
    assert.deepEqual(new Set(flow.statuses), new Set([200, 503]));
    assertOnlyAlice('killed', flow.statuses);
  });

  it('a server that hangs leaves 503 and nothing upstream', async (t) => {
    const { envoy, servers } = await startPair(t, 1);
    const flow = startFlow(envoy.url, 'hung');
    t.after(() => flow.stop());
    await flowed(flow, (status) => status === 200);
    const pid = servers[0]?.process.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      await flowed(flow, (status) => status === 503, 4);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await flowed(flow, (status) => status === 200);
    await flow.stop();
    assert.deepEqual(new Set(flow.statuses), new Set([200, 503]));
    assertOnlyAlice('hung', flow.statuses);
  });

  it('one of two servers is told to stop, and no request is lost', async (t) => {
    const { envoy, servers } = await startPair(t, 2);
    const flow = startFlow(envoy.url, 'drained');
    t.after(() => flow.stop());
    await flowed(flow, (status) => status === 200);
    await servers[0]?.stop();
    await flowed(flow, (status) => status === 200);
    await flow.stop();
    assert.deepEqual(new Set(flow.statuses), new Set([200]));
    assertOnlyAlice('drained', flow.statuses);
  });

  /** Servers of their own, with an Envoy of their own before them. */
  async function startPair(
    t: TestContext,
    count: number,
  ): Promise<{ readonly envoy: RunningEnvoy; readonly servers: readonly RunningServer[] }> {
    const { files, cluster, parts } = quickstart;
    const dir = join(files.dir, `servers-${(pairs += 1)}`);
    const servers: RunningServer[] = [];
    for (let index = 0; index < count; index += 1) {
      const own = join(dir, String(index));
      mkdirSync(own, { recursive: true });
      const settings = {
        ...parse(readFileSync(files.serverConfig, 'utf8')),
        grpc: { drainPeriod: '4s' }, // longer than Envoy needs to notice
        audit: [{ format: 'json', path: join(own, 'audit.log') }],
      };
      const server = await startServer({ dir: own, settings });
      t.after(() => server.stop());
      servers.push(server);
    }
    const { hostname, port } = new URL(cluster.server);
    const envoy = await startEnvoy({
      dir,
      envoyBin: parts.envoy,
      certFile: files.tlsCertificate,
      keyFile: files.tlsKey,
      apiServer: { address: hostname, port: Number(port), caFile: cluster.caFile },
      authz: { endpoints: servers.map(({ grpc }) => grpc) },
      accessLog: join(dir, 'access.log'),
    });
    t.after(() => envoy.stop());
    return { envoy, servers };
  }
  let pairs = 0;
});

function flowed(flow: Flow, wanted: (status: number) => boolean, count = 50): Promise<unknown> {
  const from = flow.statuses.length;
  const enough = (): boolean => flow.statuses.slice(from).filter(wanted).length >= count;
  return waitUntil(`${count} more answers`, enough);
}

/** The same program with the same file, and so on the same ports. */
function restart({ server, files }: Quickstart): { stop(): Promise<void> } {
  const program = new URL('../../dist/main.js', import.meta.url).pathname;
  return startProcess({
    name: 'kube-ext-authz again',
    command: process.execPath,
    args: [program, 'serve', '--config', server.configFile],
    logFile: join(files.dir, 'server-again.log'),
  });
}
