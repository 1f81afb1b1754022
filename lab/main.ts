/** `npm start`: starts everything, takes the tour, and stays up until it is told to stop. */
import { styleText } from 'node:util';
import { readArguments, usage, type StartOptions } from './arguments.ts';
import { byHand } from './by-hand.ts';
import { withLock } from './lock.mjs';
import { stopAll } from './process.ts';
import { quickstartFiles } from './quickstart-files.ts';
import { startQuickstart, type Quickstart } from './quickstart.ts';
import { tourSteps } from './tour-steps.ts';
import { account, heading, takeStep } from './tour.ts';
import { logTail } from './wait.ts';

type Print = (text: string) => void;

const stopSignals = [
  { name: 'SIGHUP', number: 1 },
  { name: 'SIGINT', number: 2 },
  { name: 'SIGTERM', number: 15 },
] as const;

async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args);
  if ('help' in options) {
    process.stdout.write(usage);
    return 0;
  }
  if ('problem' in options) return complain(options.problem, 2);
  const { lock } = quickstartFiles(options.dir);
  try {
    return await withLock(lock, () => runUntilStopped(options), refuseSecond);
  } catch (error) {
    return complain(error instanceof Error ? error.message : String(error), 1);
  }
}

function complain(problem: string, code: number): number {
  process.stderr.write(`${problem}\n`);
  return code;
}

function refuseSecond(pid: number | undefined): never {
  const who = pid === undefined ? '' : ` as process ${pid}`;
  throw new Error(
    `A quick start runs here already${who}: stop it first, or give this one a directory of its own with --dir.`,
  );
}

/** A signal while everything is up is how it is meant to end; one before that is an interruption (128 + its number). */
async function runUntilStopped(options: StartOptions): Promise<number> {
  let stopping = false;
  let codeWhileUp: number | undefined;
  const print: Print = (text) => {
    if (!stopping) process.stdout.write(`${text}\n`);
  };
  const stopped = stopSignal().then((code) => {
    print('\nStopping everything.');
    stopping = true;
    return codeWhileUp ?? code;
  });
  const session = runSession(options, print, (code) => (codeWhileUp = code));
  try {
    return await Promise.race([stopped, session]);
  } finally {
    await stopAll();
  }
}

/** Resolves with the exit code of the first stop signal. Later ones change nothing: the stop is under way. */
function stopSignal(): Promise<number> {
  return new Promise((resolve) => {
    for (const { name, number } of stopSignals) process.on(name, () => resolve(128 + number));
  });
}

async function runSession(
  { dir, tour }: StartOptions,
  print: Print,
  onUp: (code: number) => void,
): Promise<number> {
  const begun = Date.now();
  const progress: Print = (line) => print(styleText('dim', `  ${line}`));
  const quickstart = await startQuickstart({ dir, progress });
  progress(`everything runs, after ${Math.round((Date.now() - begun) / 1000)} s`);
  const code = await takeTour(quickstart, print);
  if (tour) return code;
  print(byHand(quickstart));
  onUp(code);
  return firstDeath(quickstart);
}

/** Returns 0 when every step did what it should, else 1. */
async function takeTour(quickstart: Quickstart, print: Print): Promise<number> {
  let failed = 0;
  for (const [index, step] of tourSteps.entries()) {
    print(`\n${heading(step, index + 1, tourSteps.length)}`);
    const seen = await takeStep(step, quickstart);
    if (seen.faults.length > 0) failed += 1;
    print(account(step, seen));
  }
  const total = tourSteps.length;
  print(
    failed === 0
      ? styleText('green', `\nEach of the ${total} steps did what it should.\n`)
      : styleText('red', `\n${failed} of the ${total} steps did not do what they should.\n`),
  );
  return failed === 0 ? 0 : 1;
}

/** Rejects when one of the programs ends by itself. */
async function firstDeath({ cluster, server, envoy }: Quickstart): Promise<never> {
  const programs = [cluster.etcd, cluster.apiServer, cluster.kwok, server.process, envoy.process];
  const deaths = programs.flatMap((one) =>
    one === undefined ? [] : [one.exited.then((how) => ({ ...one, how }))],
  );
  const { name, how, logFile } = await Promise.race(deaths);
  throw new Error(`${name} ended by itself (${how}). The end of ${logFile}:\n${logTail(logFile)}`);
}

process.stdout.on('error', () => undefined); // whoever read it has gone
process.exit(await main(process.argv.slice(2)));
