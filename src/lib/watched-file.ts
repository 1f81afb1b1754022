// Files that others replace while we run: the kubelet swaps a symbolic link beside a projected
// token, cert-manager a Secret's folder. A watch on the folder tells at once; a poll is sure.
import { watch, type FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

export interface WatchOptions {
  /** Milliseconds between two looks; default 10 000. */
  readonly pollMs?: number;
}

/** What the files hold, in the order of their names, or why they can't be read. */
export type FilesContent = readonly string[] | Error;

export interface WatchedFiles {
  /** Looks now. */
  refresh(): Promise<void>;
  stop(): void;
}

/**
 * Reads files that belong together and calls `onChange` with them at first and then whenever any
 * of them differs (also when one can't be read any more, or again). The returned promise resolves
 * after the first call.
 */
export async function watchFiles(
  files: readonly string[],
  onChange: (content: FilesContent) => void,
  { pollMs = 10_000 }: WatchOptions = {},
): Promise<WatchedFiles> {
  let last: string | undefined;
  let queue = Promise.resolve();
  let queued = false;
  let stopped = false;
  const look = async (): Promise<void> => {
    const content = await readAll(files);
    const print = content instanceof Error ? content.message : JSON.stringify(content);
    if (print === last || stopped) return;
    last = print;
    onChange(content);
  };
  // A look that has begun may have missed what an event tells of: one more follows it.
  const refresh = (): Promise<void> => {
    if (queued) return queue;
    queued = true;
    queue = queue.then(() => {
      queued = false;
      return look();
    });
    return queue;
  };
  const names = new Set(files.map((file) => basename(file)));
  const watchers = [...new Set(files.map((file) => dirname(file)))].flatMap((folder) =>
    watchFolder(folder, (name) => {
      // The kubelet swaps `..data`; others write what they like into the same folder.
      if (name === null || names.has(name) || name.startsWith('..')) void refresh();
    }),
  );
  const timer = setInterval(() => void refresh(), pollMs);
  timer.unref();
  await refresh();
  return {
    refresh,
    stop: () => {
      stopped = true;
      clearInterval(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}

async function readAll(files: readonly string[]): Promise<FilesContent> {
  try {
    return await Promise.all(files.map((file) => readFile(file, 'utf8')));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** A folder that isn't there yet, or a system without watches left, is polled only. */
function watchFolder(folder: string, onEvent: (name: string | null) => void): readonly FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, (_, name) => onEvent(name));
    return [watcher.on('error', () => undefined)];
  } catch {
    return [];
  }
}
