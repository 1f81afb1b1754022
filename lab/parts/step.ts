/** Runs one command of a provisioning step, and keeps telling that it still runs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../process.ts';
import { logTail } from '../wait.ts';

/** Receives one line of progress. */
export type Progress = (line: string) => void;

export interface Step {
  /** What is being done, as a progress line begins: "building etcd v3.6.16". */
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly env?: NodeJS.ProcessEnv;
  /** How long it takes the first time. */
  readonly usually?: string;
}

/** A step's command failed; `output` is the end of what it said. */
export class StepError extends Error {
  readonly output: string;

  constructor(label: string, how: number | string, output: string) {
    super(`${label} failed (${typeof how === 'number' ? `exit code ${how}` : how}):\n${output}`);
    this.name = 'StepError';
    this.output = output;
  }
}

const heartbeatMs = 10_000;

/** Runs the command to its end and returns its stdout; throws StepError when it fails. */
export async function runStep(step: Step, progress: Progress): Promise<string> {
  const begun = Date.now();
  const elapsed = (): string => `${Math.round((Date.now() - begun) / 1000)} s`;
  const estimate = step.usually === undefined ? '' : `, about ${step.usually} the first time`;
  progress(`${step.label}${estimate}`);
  const heartbeat = setInterval(
    () => progress(`${step.label}, ${elapsed()}${estimate}`),
    heartbeatMs,
  );
  const outFile = join(step.directory, 'step.out');
  try {
    const running = startProcess({
      name: step.label,
      command: step.command,
      args: step.args,
      cwd: step.directory,
      ...(step.env && { env: step.env }),
      logFile: join(step.directory, 'step.log'),
      outFile,
    });
    const how = await running.exited;
    if (how !== 0)
      throw new StepError(step.label, how, logTail(running.logFile) || logTail(outFile));
  } finally {
    clearInterval(heartbeat);
  }
  progress(`${step.label}: done in ${elapsed()}`);
  return readFileSync(outFile, 'utf8');
}
