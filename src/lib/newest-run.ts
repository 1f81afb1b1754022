/** Work that a newer cause makes stale: it is given up for the newest, and there is never more than one at a time. */

export interface NewestRun {
  /** Has the work done as soon as the run under way, which is aborted, has ended. */
  readonly soon: () => void;
  /** The same after a pause (milliseconds), unless it is done before. */
  readonly later: (pauseMs: number) => void;
  /** Aborts what runs and resolves when it has ended; nothing runs afterwards. */
  readonly stop: () => Promise<void>;
}

/** `work` may not reject. */
export function createNewestRun(work: (signal: AbortSignal) => Promise<void>): NewestRun {
  let current = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let queue = Promise.resolve();
  let queued = false;
  let stopped = false;

  async function run(): Promise<void> {
    queued = false;
    clearTimeout(timer);
    if (stopped) return;
    current = new AbortController();
    await work(current.signal);
  }
  function soon(): void {
    current.abort();
    if (queued || stopped) return;
    queued = true; // one stands for all that come before it begins
    queue = queue.then(run);
  }
  return {
    soon,
    later: (pauseMs) => {
      clearTimeout(timer);
      if (!stopped) timer = setTimeout(soon, pauseMs).unref();
    },
    stop: async () => {
      stopped = true;
      current.abort();
      clearTimeout(timer);
      await queue;
    },
  };
}
