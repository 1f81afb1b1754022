/** A pipeline's place: a cluster behind Envoy whose only issuer is the pipeline, and a runner's folder to type commands in. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { apply } from '../../lab/kube.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import type { RunningServer } from '../../lab/server.ts';
import { configurationOf, readDocument, root } from './documents.ts';
import { startFront } from './second-front.ts';
import type { Ended } from './server-process.ts';
import { startTemporaryQuickstart } from './temporary-quickstart.ts';

const document = 'docs/pipelines.md';

export interface Runner {
  readonly folder: string;
  readonly file: (name: string) => string;
  /** Runs a script by `sh -eu` in the folder, with kubectl and the pinned Node on PATH. */
  readonly sh: (script: string, env?: Readonly<Record<string, string>>) => Promise<Ended>;
}

export interface PipelineRig extends Runner {
  readonly quickstart: Quickstart;
  /** The proxy in front of the server that trusts the pipeline. */
  readonly proxy: { readonly url: string; readonly caFile: string };
  readonly server: RunningServer;
  /** That server's own log of checks. */
  readonly auditFile: string;
  stop(): Promise<void>;
}

/** The users of the tests may do what alice may. */
const users = ['deploy', 'urn:remote-pipeline'].map((name) => ({
  apiGroup: 'rbac.authorization.k8s.io',
  kind: 'User',
  name: `pipeline:${name}`,
}));
const access = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { namespace: 'default', name: 'pipeline' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'pod-user' },
  subjects: users,
};

/**
 * Starts it all. `makeKeys` is run in the runner's folder first, and returns the public parts that
 * an entry of docs/pipelines.md has in place of the one shown; default: its first, `pipelines`.
 */
export async function startPipelineRig(
  makeKeys: (runner: Runner) => Promise<readonly string[]>,
  entry = 'pipelines',
): Promise<PipelineRig> {
  await using started = new AsyncDisposableStack();
  const quickstart = started.adopt(await startTemporaryQuickstart(), (one) => one.stop());
  const { parts, files, cluster } = quickstart;
  const proxy = { url: '', caFile: files.ca };
  const runner = createRunner(join(files.dir, 'runner'), dirname(parts.kubectl), proxy);
  await apply(cluster, [access]);
  const keys = await makeKeys(runner);
  const jwt = [
    documentedEntry(
      entry,
      keys.map((name) => ({ file: runner.file(name) })),
    ),
  ];
  const front = started.adopt(await startFront(quickstart, 'pipelines', { jwt }), (one) =>
    one.stop(),
  );
  proxy.url = front.url;
  const auditFile = join(front.dir, 'audit.log');
  const everything = started.move();
  const { server } = front;
  return { ...runner, quickstart, proxy, server, auditFile, stop: () => everything.disposeAsync() };
}

/** The entry that the document shows, with other keys. */
function documentedEntry(name: string, keys: readonly object[]): object {
  const { jwt = [] } = configurationOf(document, name);
  const entry = jwt.find((one) => one.name === name);
  return { ...entry, issuer: { ...entry?.issuer, keys } };
}

function createRunner(
  folder: string,
  kubectlFolder: string,
  proxy: { readonly url: string; readonly caFile: string },
): Runner {
  mkdirSync(folder);
  symlinkSync(join(root, 'dist'), join(folder, 'dist'));
  const path = [dirname(process.execPath), kubectlFolder, process.env['PATH']].join(delimiter);
  const sh: Runner['sh'] = (script, env = {}) => {
    const own = { PATH: path, HOME: folder, PROXY: proxy.url, PROXY_CA: proxy.caFile };
    return run(script, folder, { ...process.env, KUBECONFIG: '', ...own, ...env });
  };
  return { folder, file: (name) => join(folder, name), sh };
}

function run(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn('sh', ['-eu', '-c', script], { cwd, env, timeout: 120_000 });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  child.stdin.end();
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...output }));
  });
}

/** The commands of docs/pipelines.md up to the chapter about service accounts, in their order. */
export function documentedCommands(): readonly string[] {
  const [first = ''] = readDocument(document).split('## As a service account');
  return commandsIn(first);
}

/** The commands of one chapter of docs/pipelines.md, in their order. */
export function commandsOfChapter(title: string): readonly string[] {
  const chapters = readDocument(document).split(/^## /m);
  return commandsIn(chapters.find((text) => text.startsWith(`${title}\n`)) ?? '');
}

function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, script = '']) => script);
}

/** What a file of the runner holds. */
export function readRunnerFile(runner: Runner, name: string): string {
  return readFileSync(runner.file(name), 'utf8');
}
