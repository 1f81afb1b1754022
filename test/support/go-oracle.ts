/** Programs of Kubernetes' own code, built once from a folder of test/oracle into the cache of the parts, and asked over stdio. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { withLock } from '../../lab/lock.mjs';
import { cacheDirectory, findOnPath } from '../../lab/parts/locate.ts';
import { runStep, type Progress } from '../../lab/parts/step.ts';
import { root } from './documents.ts';

const files = ['main.go', 'go.mod', 'go.sum'];

/** The program's path; builds it when these sources were not built yet. Throws a sentence when Go is missing. */
export async function provideGoOracle(folder: string, progress: Progress): Promise<string> {
  const sources = join(root, 'test/oracle', folder);
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(sources, file)));
  const label = `${folder}-oracle`;
  const name = `${label}-${hash.digest('hex').slice(0, 16)}`;
  const program = join(cacheDirectory(), name, label);
  const workplace = join(cacheDirectory(), 'work', name);
  return withLock(
    `${workplace}.lock`,
    async () => {
      if (!existsSync(program)) await build({ label, sources, workplace, program }, progress);
      return program;
    },
    (pid) => progress(`${label}: waiting for process ${pid}, which is building it already`),
  );
}

interface Build {
  readonly label: string;
  readonly sources: string;
  readonly workplace: string;
  readonly program: string;
}

async function build(
  { label, sources, workplace, program }: Build,
  progress: Progress,
): Promise<void> {
  const go = findOnPath('go');
  if (!go) throw new Error(`the ${label} has to be built and there is no Go: install Go`);
  rmSync(workplace, { recursive: true, force: true });
  mkdirSync(workplace, { recursive: true });
  for (const file of files) copyFileSync(join(sources, file), join(workplace, file));
  const built = join(workplace, label);
  const step = {
    label: `building the ${label}`,
    command: go,
    args: ['build', '-trimpath', '-buildvcs=false', '-o', built, '.'],
    directory: workplace,
    env: { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=readonly' },
    usually: 'a minute',
  };
  await runStep(step, progress);
  mkdirSync(dirname(program), { recursive: true });
  renameSync(built, program);
  rmSync(workplace, { recursive: true, force: true });
}

/** Asks all questions at once; the answers come in their order. */
export async function askGoOracle<Answer>(
  program: string,
  questions: readonly object[],
): Promise<readonly Answer[]> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(questions.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const answers: Answer[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(line));
  }
  if (answers.length !== questions.length) throw new Error(`${program} stopped early`);
  return answers;
}
