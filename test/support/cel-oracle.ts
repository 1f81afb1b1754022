/** Kubernetes' own CEL environment, built once from test/oracle/cel into the cache of the parts, and asked over stdio. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { withLock } from '../../lab/lock.mjs';
import { cacheDirectory, findOnPath } from '../../lab/parts/locate.ts';
import { runStep, type Progress } from '../../lab/parts/step.ts';
import { root } from './documents.ts';

export interface Question {
  readonly variable: 'claims' | 'user';
  readonly source: string;
  readonly input: unknown;
}

export interface Answer {
  readonly compileError?: string;
  readonly type?: string;
  /** Numbers as Go prints them; absent for what oidc.go can't take apart. */
  readonly value?: unknown;
  readonly error?: string;
}

const files = ['main.go', 'go.mod', 'go.sum'];

/** The program's path; builds it when these sources were not built yet. Throws a sentence when Go is missing. */
export async function provideCelOracle(progress: Progress): Promise<string> {
  const folder = join(root, 'test/oracle/cel');
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(folder, file)));
  const name = `cel-oracle-${hash.digest('hex').slice(0, 16)}`;
  const program = join(cacheDirectory(), name, 'cel-oracle');
  const workplace = join(cacheDirectory(), 'work', name);
  return withLock(
    `${workplace}.lock`,
    async () => {
      if (!existsSync(program)) await build(folder, workplace, program, progress);
      return program;
    },
    (pid) => progress(`cel-oracle: waiting for process ${pid}, which is building it already`),
  );
}

async function build(
  folder: string,
  workplace: string,
  program: string,
  progress: Progress,
): Promise<void> {
  const go = findOnPath('go');
  if (!go) throw new Error('the CEL oracle has to be built and there is no Go: install Go');
  rmSync(workplace, { recursive: true, force: true });
  mkdirSync(workplace, { recursive: true });
  for (const file of files) copyFileSync(join(folder, file), join(workplace, file));
  const step = {
    label: 'building the CEL oracle',
    command: go,
    args: ['build', '-trimpath', '-buildvcs=false', '-o', join(workplace, 'cel-oracle'), '.'],
    directory: workplace,
    env: { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=readonly' },
    usually: 'a minute',
  };
  await runStep(step, progress);
  mkdirSync(dirname(program), { recursive: true });
  renameSync(join(workplace, 'cel-oracle'), program);
  rmSync(workplace, { recursive: true, force: true });
}

/** Asks all questions at once; the answers come in their order. */
export async function askOracle(
  program: string,
  questions: readonly Question[],
): Promise<readonly Answer[]> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(questions.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const answers: Answer[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(line));
  }
  if (answers.length !== questions.length) throw new Error('the CEL oracle stopped early');
  return answers;
}
