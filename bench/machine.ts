/** What the figures were measured on. */
import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryMiB: number;
  readonly system: string;
  readonly node: string;
  /** Of the minute before: others' work is in the figures, too. */
  readonly loadAverage: number;
  /** Null when Envoy was not there. */
  readonly envoy: string | null;
  readonly kubeApiserver: string | null;
}

export interface Programs {
  readonly envoy: string;
  readonly 'kube-apiserver': string;
}

/** Asks the system, and the programs for their versions. */
export async function describeMachine(programs: Programs | undefined): Promise<Machine> {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? '',
    memoryMiB: Math.round(totalmem() / 1024 ** 2),
    system: `${type()} ${release()}`,
    node: process.version,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    envoy: programs ? await versionOf(programs.envoy) : null,
    kubeApiserver: programs ? await versionOf(programs['kube-apiserver']) : null,
  };
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: 20_000 });
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim();
}
