/** A real Envoy that runs envoy/bootstrap.yaml and the finisher on loopback. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { renderBootstrap, type BootstrapValues } from './bootstrap.ts';
import { startProcess, waitUntil, type RunningProcess } from './process.ts';

export { renderBootstrap } from './bootstrap.ts';

export interface EnvoyOptions extends BootstrapValues {
  /** Receives the configuration and the logs. */
  readonly dir: string;
  readonly envoyBin: string;
}

export interface RunOptions {
  readonly dir: string;
  readonly envoyBin: string;
  readonly configFile: string;
}

export interface RunningEnvoy {
  /** Base URL of the proxy. */
  readonly url: string;
  readonly adminUrl: string;
  readonly configFile: string;
  readonly process: RunningProcess;
  stop(): Promise<void>;
}

/** Renders the bootstrap into `dir` and runs it; rejects with the end of Envoy's log when it doesn't become ready. */
export async function startEnvoy(options: EnvoyOptions): Promise<RunningEnvoy> {
  const { dir, envoyBin } = options;
  mkdirSync(dir, { recursive: true });
  const configFile = join(dir, 'envoy.yaml');
  writeFileSync(configFile, renderBootstrap(options));
  return runEnvoy({ dir, envoyBin, configFile });
}

/** Runs any configuration file that has one listener; rejects like startEnvoy. */
export async function runEnvoy({ dir, envoyBin, configFile }: RunOptions): Promise<RunningEnvoy> {
  const adminFile = join(dir, 'envoy-admin.address');
  rmSync(adminFile, { force: true }); // an earlier run's port
  const process = startProcess({
    name: 'envoy',
    command: envoyBin,
    args: [
      ['--config-path', configFile],
      ['--admin-address-path', adminFile],
      ['--concurrency', '2'],
      ['--log-level', 'warning'], // at trace Envoy prints the check requests, tokens and all
      ['--drain-time-s', '1'],
      ['--file-flush-interval-msec', '100'],
      ['--disable-hot-restart'], // it is what keeps two Envoys of one machine apart otherwise
    ].flat(),
    logFile: join(dir, 'envoy.log'),
  });
  try {
    const adminUrl = await waitUntil('envoy to be ready', () => readyAdmin(adminFile), {
      timeoutMs: 30_000,
      intervalMs: 20,
      process,
    });
    const url = `https://${await listenerAddress(adminUrl)}`;
    return { url, adminUrl, configFile, process, stop: () => process.stop() };
  } catch (error) {
    await process.stop();
    throw error;
  }
}

/** Has Envoy itself judge a configuration file; rejects with what it says. */
export async function validateBootstrap(configFile: string, envoyBin: string): Promise<void> {
  const args = ['--mode', 'validate', '--log-level', 'warning', '--config-path', configFile];
  await promisify(execFile)(envoyBin, args, { timeout: 30_000 });
}

async function readyAdmin(adminFile: string): Promise<string | undefined> {
  if (!existsSync(adminFile)) return undefined;
  const address = readFileSync(adminFile, 'utf8').trim();
  if (address === '') return undefined;
  const url = `http://${address}`;
  const answer = await fetch(`${url}/ready`);
  return answer.ok ? url : undefined;
}

/** Port 0 in the configuration is a port of Envoy's choice: its admin interface knows it. */
async function listenerAddress(adminUrl: string): Promise<string> {
  const listeners = await (await fetch(`${adminUrl}/listeners`)).text();
  const [, address] = /::(\S+:\d+)$/m.exec(listeners) ?? [];
  if (address === undefined) throw new Error(`Envoy has no listener: ${listeners}`);
  return address;
}
