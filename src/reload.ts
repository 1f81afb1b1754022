// Follows the files of the configuration: a good new version is taken without a restart and without a
// dropped check, a bad one is refused and told, and the old one stays.
import type { Config } from './config/config.ts';
import { errorMessage } from './lib/error-message.ts';
import type { Logger } from './lib/logger.ts';
import { watchFiles, type WatchedFiles, type WatchOptions } from './lib/watched-file.ts';

export interface ReloadOptions extends WatchOptions {
  /** What runs now. */
  readonly config: Config;
  /** Reads the configuration again; throws with every fault. */
  readonly read: () => Config;
  /** Takes another configuration into use. */
  readonly use: (config: Config) => Promise<void>;
  /** Told how each reload ended. */
  readonly onReload: (outcome: 'success' | 'failure') => void;
  readonly log: Logger;
}

export interface Reload {
  /** Why the latest version of the files is not in use; undefined when it is. */
  readonly fault: () => string | undefined;
  readonly stop: () => void;
}

/** Watches until stop(); what changed between the first reading and now is noticed, too. */
export async function followConfig(options: ReloadOptions): Promise<Reload> {
  const { log, onReload } = options;
  let fault: string | undefined;
  let inUse = options.config;
  let queue = Promise.resolve();
  let watched = await watch(inUse.files);

  function watch(files: readonly string[]): Promise<WatchedFiles> {
    return watchFiles(files, () => void (queue = queue.then(reload)), options);
  }
  async function reload(): Promise<void> {
    try {
      const next = options.read();
      const isNew = JSON.stringify(next) !== JSON.stringify(inUse);
      fault = undefined;
      if (!isNew) return;
      await options.use(next);
      tellRestart(inUse, next, log);
      await follow(next);
      log.info({ files: next.files }, 'the configuration was read again and is in use');
    } catch (error) {
      fault = `the new version was refused: ${errorMessage(error).split('\n').join('; ')}`;
      log.error({ files: inUse.files, fault }, 'the configuration was read again and refused');
    }
    onReload(fault === undefined ? 'success' : 'failure');
  }
  async function follow(next: Config): Promise<void> {
    const moved = next.files.join() !== inUse.files.join();
    inUse = next;
    if (!moved) return;
    watched.stop();
    watched = await watch(next.files);
  }
  return { fault: () => fault, stop: () => watched.stop() };
}

const fixed = ['grpc', 'admin', 'kubernetes', 'audit', 'log'] as const;

/** Doors, sinks and our own credential are opened once. */
function tellRestart(old: Config, next: Config, log: Logger): void {
  const changed = fixed.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(next[key]));
  if (changed.length > 0) log.warn({ changed }, 'these settings change with a restart only');
}
