// Many requests with one token are one question: whoever comes while it is being asked waits for
// the same answer.

export interface Share<T> {
  readonly result: Promise<T>;
  /** To be called once by each who joined; when all have left, the work is aborted. */
  readonly leave: () => void;
}

export type Join<T> = (key: string, start: (signal: AbortSignal) => Promise<T>) => Share<T>;

interface Running<T> {
  readonly result: Promise<T>;
  readonly ending: AbortController;
  waiting: number;
}

/** Work under one key runs once at a time, and for `limitMs` milliseconds at most. */
export function createSharedWork<T>(limitMs: number): Join<T> {
  const running = new Map<string, Running<T>>();

  function begin(key: string, start: (signal: AbortSignal) => Promise<T>): Running<T> {
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), limitMs);
    const result = start(ending.signal).finally(() => {
      clearTimeout(timer);
      forget(key, work);
    });
    result.catch(() => undefined); // those who have left don't hear of it
    const work = { result, ending, waiting: 0 };
    running.set(key, work);
    return work;
  }
  function forget(key: string, work: Running<T>): void {
    if (running.get(key) === work) running.delete(key);
  }
  return (key, start) => {
    const work = running.get(key) ?? begin(key, start);
    work.waiting += 1;
    return {
      result: work.result,
      leave: () => {
        work.waiting -= 1;
        if (work.waiting > 0) return;
        forget(key, work);
        work.ending.abort();
      },
    };
  };
}
