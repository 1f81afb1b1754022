/** Builds kube-ext-authz as it ships and runs it on loopback. */
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { withLock } from './lock.mjs';
import { runStep, type Progress } from './parts/step.ts';
import { freePort, onFreePort, startProcess, waitUntil, type RunningProcess } from './process.ts';
import { replaceFile } from './replace-file.ts';

export interface ServerOptions {
  /** Receives config.yaml and server.log. */
  readonly dir: string;
  /** The configuration file but for `apiVersion`, `kind` and the two addresses. */
  readonly settings: ServerSettings;
  /** Set over our own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ServerSettings extends Readonly<Record<string, unknown>> {
  readonly grpc?: Readonly<Record<string, unknown>>;
  readonly admin?: Readonly<Record<string, unknown>>;
}

export interface RunningServer {
  /** Where it answers gRPC. */
  readonly grpc: { readonly address: string; readonly port: number };
  /** Base URL of /livez, /readyz and /metrics. */
  readonly adminUrl: string;
  readonly configFile: string;
  readonly process: RunningProcess;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const program = join(root, 'dist', 'main.js');
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const buildLock = join(root, 'node_modules', '.kube-ext-authz-build.lock');

/** Compiles src/ to dist/ unless that is done already; one build at a time, whoever asks. Throws with the compiler's words. */
export async function buildServer(progress: Progress): Promise<void> {
  await withLock(
    buildLock,
    () => buildOnce(progress),
    (pid) => progress(`waiting for process ${pid}, which is building kube-ext-authz`),
  );
}

async function buildOnce(progress: Progress): Promise<void> {
  const begun = new Date();
  if (lastChange(join(root, 'src'), join(root, 'tsconfig.json')) < mtimeOf(program)) return;
  const directory = mkdtempSync(join(tmpdir(), 'kube-ext-authz-build-'));
  try {
    const args = [compiler, '--project', root, '--noEmitOnError'];
    const command = process.execPath;
    await runStep({ label: 'building kube-ext-authz', command, args, directory }, progress);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  utimesSync(program, begun, begun); // what was edited during the build is newer
}

/** The latest change below the paths, in milliseconds since the epoch; a folder's own time tells of files that went. */
function lastChange(...paths: readonly string[]): number {
  const below = paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name))
      : [],
  );
  return Math.max(...[...paths, ...below].map(mtimeOf));
}

function mtimeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Runs `serve` and waits until it says that it is ready; `buildServer` comes first. Rejects with the end of its log. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  return onFreePort(
    async (port) => launch(options, port, await freePort()),
    ({ adminUrl, process }) =>
      waitUntil('kube-ext-authz to be ready', () => isReady(adminUrl), {
        timeoutMs: 30_000,
        process,
      }),
  );
}

function launch(
  { dir, settings, env }: ServerOptions,
  port: number,
  adminPort: number,
): RunningServer {
  const grpc = { address: '127.0.0.1', port };
  const configFile = join(dir, 'config.yaml');
  const config = {
    apiVersion: 'kube-ext-authz.dev/v1alpha1',
    kind: 'Configuration',
    ...settings,
    grpc: { ...settings.grpc, address: `${grpc.address}:${port}` },
    admin: { ...settings.admin, address: `127.0.0.1:${adminPort}` },
  };
  replaceFile(configFile, stringify(config));
  const running = startProcess({
    name: 'kube-ext-authz',
    command: process.execPath,
    args: [program, 'serve', '--config', configFile],
    ...(env && { env: { ...process.env, ...env } }),
    logFile: join(dir, 'server.log'),
    graceMs: 10_000, // it drains first
  });
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  return { grpc, adminUrl, configFile, process: running, stop: () => running.stop() };
}

async function isReady(adminUrl: string): Promise<boolean> {
  const answer = await fetch(`${adminUrl}/readyz`);
  if (!answer.ok) throw new Error(`/readyz says ${answer.status}: ${await answer.text()}`);
  return true;
}
