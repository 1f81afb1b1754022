// Follows the files of the configuration: a good new version is taken without a restart and without a
// dropped check, a bad one is refused and told, and the old one stays. As kube-apiserver does it.
import type { Config } from './config/config.ts';
import { errorMessage } from './lib/error-message.ts';
import type { Logger } from './lib/logger.ts';
import { createNewestRun } from './lib/newest-run.ts';
import { watchFiles, type WatchOptions } from './lib/watched-file.ts';

export interface ReloadOptions extends WatchOptions {
  /** What runs now. */
  readonly config: Config;
  /** Reads the configuration again; throws with every fault. */
  readonly read: () => Config;
  /** Takes another configuration into use, whole; rejects when it can't be, and soon when it is aborted. */
  readonly use: (config: Config, signal: AbortSignal) => Promise<void>;
  /** Told how each reload ended; one that a newer version cut short has not. */
  readonly onReload: (outcome: 'success' | 'failure') => void;
  readonly log: Logger;
  /** Until a version that was refused is tried again, in milliseconds; default 60 000. */
  readonly retryMs?: number;
}

export interface Reload {
  /** Why the latest version of the files is not in use; undefined when it is. */
  readonly fault: () => string | undefined;
  /** When the configuration in use was taken, in milliseconds since 1970. */
  readonly takenAt: () => number;
  /** Ends a reload that is under way, too. */
  readonly stop: () => Promise<void>;
}

const waiting = 'the new version waits until each of its new issuers has keys';

/** Watches until stop(); what changed between the first reading and now is noticed, too. */
export async function followConfig(options: ReloadOptions): Promise<Reload> {
  const { log, onReload, retryMs = 60_000 } = options;
  let inUse = options.config;
  let { files } = inUse;
  let fault: string | undefined;
  let takenAt = Date.now();
  const reloads = createNewestRun(reload);
  let watched = watchFiles(files, reloads.soon, options);

  async function reload(signal: AbortSignal): Promise<void> {
    const next = readAgain();
    if (next === undefined) return;
    if (next.files.join() !== files.join()) await watchOthers(next.files);
    else if (JSON.stringify(next) === JSON.stringify(inUse)) fault = undefined;
    else await take(next, signal);
  }
  function readAgain(): Config | undefined {
    try {
      return options.read();
    } catch (error) {
      const why = refusal(error);
      if (why !== fault) refuse(why, 'the configuration was read again and refused');
      reloads.later(retryMs); // what is wrong may be another file, which is not watched
      return undefined;
    }
  }
  /** They are looked at as soon as they are watched: that leads to the next reload. */
  async function watchOthers(others: readonly string[]): Promise<void> {
    (await watched).stop();
    files = others;
    watched = watchFiles(files, reloads.soon, options);
  }
  async function take(next: Config, signal: AbortSignal): Promise<void> {
    fault = waiting;
    try {
      await options.use(next, signal);
    } catch (error) {
      if (signal.aborted) return;
      refuse(refusal(error), 'the new configuration is not in use yet; it is tried again');
      reloads.later(retryMs);
      return;
    }
    fault = undefined;
    for (const warning of next.warnings) log.warn({}, warning);
    tellRestart(options.config, next, log);
    inUse = next;
    takenAt = Date.now();
    log.info({ files }, 'the configuration was read again and is in use');
    onReload('success');
  }
  function refuse(why: string, message: string): void {
    fault = why;
    log.error({ files, fault }, message);
    onReload('failure');
  }
  await watched;
  return {
    fault: () => fault,
    takenAt: () => takenAt,
    stop: async () => {
      await reloads.stop();
      (await watched).stop();
    },
  };
}

function refusal(error: unknown): string {
  return `the new version was refused: ${errorMessage(error).split('\n').join('; ')}`;
}

/** Everything else is opened once, as the configuration of the start has it. */
const followed: ReadonlySet<string> = new Set([
  'jwt',
  'tokenReview',
  'impersonation',
  'extra',
  'files',
  'warnings',
]);

function tellRestart(start: Config, next: Config, log: Logger): void {
  const [old, fresh] = [start, next].map(textOfSettings);
  const changed = Object.keys({ ...old, ...fresh }).filter(
    (key) => !followed.has(key) && old?.[key] !== fresh?.[key],
  );
  if (changed.length > 0) log.warn({ changed }, 'these settings change with a restart only');
}

function textOfSettings(config: Config): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]),
  );
}
