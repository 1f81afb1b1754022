/** The program as it ships, in a process of its own: what it prints, how it ends. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildServer } from '../../lab/server.ts';
import { waitUntil } from '../../lab/wait.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ServerProcess {
  readonly grpcAddress: string;
  readonly adminURL: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
}

interface Started {
  readonly output: { stdout: string; stderr: string };
  readonly signal: ServerProcess['signal'];
  readonly ended: Promise<Ended>;
}

const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Runs a command line to its end; an end that doesn't come in time is a SIGKILL. */
export async function runProgram(args: readonly string[]): Promise<Ended> {
  return (await start(args)).ended;
}

/**
 * Runs `serve` with these flags and waits until it says where it listens; rejects with its output when it ends before.
 * `stdout`: an open file that is its standard output; default: it is collected.
 */
export async function startServerProcess(
  flags: readonly string[],
  stdout: number | 'pipe' = 'pipe',
): Promise<ServerProcess> {
  const { output, signal, ended } = await start(['serve', ...flags], stdout);
  const line = await Promise.race([
    waitUntil('the server to say where it listens', () =>
      output.stderr.split('\n').find((one) => one.includes('is serving')),
    ),
    ended.then(({ code, stderr }) => {
      throw new Error(`it ended with ${code}: ${stderr}`);
    }),
  ]);
  const { grpc, admin } = JSON.parse(line);
  return {
    grpcAddress: String(grpc),
    adminURL: String(admin),
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    signal,
    ended,
  };
}

async function start(args: readonly string[], stdout: number | 'pipe' = 'pipe'): Promise<Started> {
  await buildServer(() => undefined);
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['pipe', stdout, 'pipe'],
    timeout: 60_000,
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...output }));
  });
  return { output, signal: (name) => void child.kill(name), ended };
}
