/** `doctor` as a process, and what it says. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Finding } from '../../src/doctor/finding.ts';
import { root } from './documents.ts';

export interface Examination {
  readonly code: number;
  readonly findings: readonly Finding[];
  readonly stderr: string;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it with `-o json`. */
export async function examine(flags: readonly string[]): Promise<Examination> {
  const { code, stdout, stderr } = await runDoctor([...flags, '-o', 'json']);
  const findings: readonly Finding[] = stdout === '' ? [] : JSON.parse(stdout).findings;
  return { code, findings, stderr };
}

/** Runs it; `input` is its standard input. */
export function runDoctor(flags: readonly string[], input = ''): Promise<Ended> {
  const args = [join(root, 'src', 'main.ts'), 'doctor', ...flags];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
    child.stdin?.end(input);
  });
}
