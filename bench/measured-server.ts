/** kube-ext-authz as it ships, in a process that also tells how much memory it holds once its garbage is collected. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { startProcess, waitUntil, type RunningProcess } from '../lab/process.ts';

/** In bytes, after a garbage collection. */
export interface MemoryUse {
  readonly resident: number;
  /** JavaScript's heap, and the buffers beside it. */
  readonly heap: number;
}

export interface MeasuredServer {
  readonly grpcAddress: string;
  readonly memory: () => Promise<MemoryUse>;
  readonly stop: () => Promise<void>;
}

export interface MeasuredServerOptions {
  /** Receives what it writes. */
  readonly dir: string;
  /** The configuration file but for `apiVersion`, `kind` and the two addresses. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const program = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const reporter = new URL('heap-reporter.ts', import.meta.url).href;

/** Runs `serve` on free ports until it is ready; `buildServer` comes first. Rejects with the end of its log. */
export async function startMeasuredServer(options: MeasuredServerOptions): Promise<MeasuredServer> {
  const { dir, settings } = options;
  mkdirSync(dir, { recursive: true });
  const [configFile, logFile] = [join(dir, 'config.yaml'), join(dir, 'server.log')];
  const reportFile = join(dir, 'memory.json');
  const config = {
    apiVersion: 'kube-ext-authz.dev/v1alpha1',
    kind: 'Configuration',
    ...settings,
    grpc: { address: '127.0.0.1:0', drainPeriod: '0s' },
    admin: { address: '127.0.0.1:0' },
  };
  writeFileSync(configFile, stringify(config));
  const running = startProcess({
    name: 'kube-ext-authz',
    command: process.execPath,
    args: ['--import', reporter, program, 'serve', '--config', configFile],
    env: { ...process.env, MEMORY_REPORT: reportFile },
    logFile,
  });
  try {
    const { grpc, admin } = await whereItListens(running);
    await waitUntil('it to be ready', async () => (await fetch(`${admin}/readyz`)).ok, {
      process: running,
    });
    const memory = (): Promise<MemoryUse> => readMemory(running, reportFile);
    return { grpcAddress: grpc, memory, stop: () => running.stop() };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function whereItListens(
  running: RunningProcess,
): Promise<{ readonly grpc: string; readonly admin: string }> {
  const line = await waitUntil(
    'it to say where it listens',
    () => {
      const lines = readFileSync(running.logFile, 'utf8').split('\n').slice(0, -1);
      return lines.find((one) => one.includes('is serving'));
    },
    { process: running },
  );
  const { grpc, admin } = JSON.parse(line);
  return { grpc: String(grpc), admin: String(admin) };
}

async function readMemory(running: RunningProcess, file: string): Promise<MemoryUse> {
  rmSync(file, { force: true });
  process.kill(running.pid, 'SIGUSR2');
  await waitUntil('its report', () => existsSync(file), { process: running });
  const { rss, heapUsed, external } = JSON.parse(readFileSync(file, 'utf8'));
  return { resident: Number(rss), heap: Number(heapUsed) + Number(external) };
}
