/** One etcd member on loopback. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, onFreePort, startProcess, waitUntil, type RunningProcess } from './process.ts';

export interface Etcd {
  readonly url: string;
  readonly process: RunningProcess;
}

/** Starts an empty etcd with its data in `dir` and waits until it answers. */
export async function startEtcd(program: string, dir: string): Promise<Etcd> {
  return onFreePort(
    async (port) => launch(program, dir, port, await freePort()),
    ({ url, process }) =>
      waitUntil('etcd to answer', async () => (await fetch(`${url}/health`)).ok, {
        timeoutMs: 30_000,
        process,
      }),
  );
}

function launch(program: string, dir: string, port: number, peerPort: number): Etcd {
  const url = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const dataDir = join(dir, 'etcd');
  rmSync(dataDir, { recursive: true, force: true });
  const process = startProcess({
    name: 'etcd',
    command: program,
    args: [
      `--data-dir=${dataDir}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync', // nothing here outlives a crash
      '--log-level=warn',
    ],
    logFile: join(dir, 'etcd.log'),
  });
  return { url, process };
}
