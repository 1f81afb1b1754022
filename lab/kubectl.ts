/** Runs kubectl as a stranger to this machine: a home of its own each time, so no cache is warm and nothing of the user's is read. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import type { Parts } from './parts/provide.ts';
import { startProcess, type RunningProcess } from './process.ts';

export interface KubectlOptions {
  /** SIGTERM after this long; default 60 000. */
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What kubectl reads from stdin; default: nothing. */
  readonly stdin?: string;
}

export interface KubectlResult {
  /** The exit code, or 128 + the signal's number (a kubectl that timed out: 143, or what it makes of SIGTERM). */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

type KubectlPart = Parts<'kubectl'>;

/** Runs kubectl to its end; a failing command is a result, not a throw. */
export async function runKubectl(
  parts: KubectlPart,
  kubeconfig: string,
  args: readonly string[],
  options: KubectlOptions = {},
): Promise<KubectlResult> {
  const home = newHome(kubeconfig);
  try {
    return await capture(parts.kubectl, args, kubectlEnv(kubeconfig, home, options.env), options);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Starts a kubectl that stays (`port-forward`, `get -w`); its output goes to the log file. */
export function startKubectl(
  parts: KubectlPart,
  kubeconfig: string,
  args: readonly string[],
  options: { readonly logFile: string; readonly env?: Readonly<Record<string, string>> },
): RunningProcess {
  const home = newHome(kubeconfig);
  const running = startProcess({
    name: `kubectl ${args[0] ?? ''}`,
    command: parts.kubectl,
    args,
    env: kubectlEnv(kubeconfig, home, options.env),
    logFile: options.logFile,
  });
  void running.exited.finally(() => rmSync(home, { recursive: true, force: true }));
  return running;
}

function capture(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { timeoutMs = 60_000, stdin = '' }: KubectlOptions,
): Promise<KubectlResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, timeout: timeoutMs });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ code: code ?? 128 + (signal ? constants.signals[signal] : 0), stdout, stderr }),
    );
    child.stdin.on('error', () => undefined); // it need not read what we send
    child.stdin.end(stdin);
  });
}

function newHome(kubeconfig: string): string {
  return mkdtempSync(join(dirname(kubeconfig), '.kubectl-'));
}

function kubectlEnv(
  kubeconfig: string,
  home: string,
  env: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, KUBECONFIG: kubeconfig, ...env };
}
