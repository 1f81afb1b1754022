/**
 * Starts the lab's real programs (etcd, kube-apiserver, Envoy…) and sees to it that none outlives us: each runs in a
 * session of its own, so a Ctrl-C in the terminal reaches only us, and we stop them in the reverse order of their start.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { disown, own } from './reaper.ts';

export { freePort, onFreePort } from './port.ts';
export { waitUntil } from './wait.ts';

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves with the exit code, or the signal that ended it; never rejects. */
  readonly exited: Promise<number | NodeJS.Signals>;
  alive(): boolean;
  /** SIGTERM to it and what it started, then SIGKILL when the grace is over; resolves once it is gone, as often as it is called. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Receives stdout and stderr; written afresh. */
  readonly logFile: string;
  /** Receives stdout apart. */
  readonly outFile?: string;
  /** Milliseconds between SIGTERM and SIGKILL; default 5000. */
  readonly graceMs?: number;
}

const stopSignals = [
  { name: 'SIGHUP', number: 1 },
  { name: 'SIGINT', number: 2 },
  { name: 'SIGTERM', number: 15 },
] as const;

const running = new Set<RunningProcess>();
let guarded = false;

/** Starts a program with its output in `logFile`; throws when it can't be run at all. */
export function startProcess(options: ProcessOptions): RunningProcess {
  guardExit();
  const child = spawnLogged(options);
  const { pid } = child;
  const exited = exitOf(child);
  child.on('error', () => undefined); // a failed spawn shows as a missing pid below
  if (pid === undefined) {
    throw new Error(`${options.name} could not be started: ${options.command} can't be executed`);
  }
  let stopping: Promise<void> | undefined;
  const process: RunningProcess = {
    name: options.name,
    pid,
    logFile: options.logFile,
    exited,
    alive: () => running.has(process),
    stop: () =>
      (stopping ??= process.alive()
        ? endChild(pid, exited, options.graceMs ?? 5_000)
        : Promise.resolve()),
  };
  running.add(process);
  own(pid);
  child.once('exit', () => {
    running.delete(process);
    disown(pid);
  });
  return process;
}

/** Stops everything started here, last started first. */
export async function stopAll(): Promise<void> {
  for (const process of [...running].toReversed()) await process.stop();
}

function spawnLogged(options: ProcessOptions): ChildProcess {
  const { command, args, env, cwd, logFile, outFile } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  const out = outFile === undefined ? log : openSync(outFile, 'w');
  try {
    return spawn(command, args, {
      ...(env && { env }),
      ...(cwd !== undefined && { cwd }),
      stdio: ['ignore', out, log],
      detached: true,
    });
  } finally {
    for (const file of new Set([log, out])) closeSync(file);
  }
}

function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0));
  });
}

async function endChild(pid: number, exited: Promise<unknown>, graceMs: number): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  const timer = new AbortController();
  const late = sleep(graceMs, true, { signal: timer.signal }).catch(() => false);
  if (await Promise.race([exited.then(() => false), late])) signalGroup(pid, 'SIGKILL');
  timer.abort();
  await exited;
}

/** On exit whatever still runs is killed; a stop signal stops everything in order first. */
function guardExit(): void {
  if (guarded) return;
  guarded = true;
  process.on('exit', () => {
    for (const { pid } of running) signalGroup(pid, 'SIGKILL');
  });
  for (const signal of stopSignals) {
    process.on(signal.name, () => void stopOnSignal(signal));
  }
}

async function stopOnSignal(signal: (typeof stopSignals)[number]): Promise<void> {
  await stopAll();
  // Another handler has more to close: it ends the process.
  if (process.listenerCount(signal.name) === 1) process.exit(128 + signal.number);
}

/** Reaches the process and what it started: it leads a group of its own. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone between its exit and our noticing it.
  }
}
