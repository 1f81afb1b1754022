/** Waiting for real programs: poll a condition, and when it never comes say what was awaited and what the program's log ends with. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

interface WatchedProcess {
  readonly name: string;
  readonly logFile: string;
  readonly exited: Promise<number | string>;
}

export interface WaitOptions {
  /** Default 60 000. */
  readonly timeoutMs?: number;
  /** Pause between two probes; default 100. */
  readonly intervalMs?: number;
  /** The wait fails at once when this process ends, and a failure quotes its log. */
  readonly process?: WatchedProcess;
}

type Probe<T> = () => Promise<T | undefined> | T | undefined;
type Ending = { readonly ended: string };

/** Polls until the probe returns something (`undefined`, `false` or a throw mean "not yet"); `what` completes "waited for …". */
export async function waitUntil<T>(
  what: string,
  probe: Probe<T>,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 60_000, intervalMs = 100, process } = options;
  const timer = new AbortController();
  const endings: Promise<Ending>[] = [
    sleep(timeoutMs, { ended: `did not happen within ${timeoutMs / 1000} s` }, timer),
  ];
  if (process) {
    endings.push(process.exited.then((how) => ({ ended: `${process.name} exited with ${how}` })));
  }
  let lastError: unknown;
  const attempt = async (): Promise<{ readonly value: T | undefined }> => {
    try {
      return { value: await probe() };
    } catch (error) {
      lastError = error;
      return { value: undefined };
    }
  };
  try {
    for (;;) {
      const outcome = await Promise.race([...endings, attempt()]);
      if ('ended' in outcome) throw waitError(what, outcome.ended, lastError, process);
      if (outcome.value !== undefined && outcome.value !== false) return outcome.value;
      await Promise.race([...endings, sleep(intervalMs)]);
    }
  } finally {
    for (const ending of endings) ending.catch(() => undefined); // the aborted timer rejects
    timer.abort();
  }
}

/** The last lines of a log file; empty when it can't be read. */
export function logTail(file: string, lines = 20): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

function waitError(
  what: string,
  ended: string,
  lastError: unknown,
  process: WatchedProcess | undefined,
): Error {
  const last = lastError instanceof Error ? `; the last try said: ${lastError.message}` : '';
  const log = process
    ? `\nThe end of ${process.name}'s log (${process.logFile}):\n${logTail(process.logFile)}`
    : '';
  return new Error(`Waited for ${what}: ${ended}${last}${log}`, { cause: lastError });
}
