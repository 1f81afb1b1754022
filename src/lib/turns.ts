// Lets only so many do something at once.
import { unlessAborted } from './unless-aborted.ts';

/** Does the work when it is its turn; who aborts while waiting for it is passed over. */
export type TakeTurn = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Turns are taken in the order in which they were asked for, `limit` at once. */
export function createTurns(limit: number): TakeTurn {
  const waiting = new Set<() => void>(); // a Set keeps the order in which they came
  let taken = 0;

  async function wait(signal: AbortSignal): Promise<void> {
    if (taken < limit) {
      taken += 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.add(resolve);
    try {
      await unlessAborted(promise, signal);
    } catch (error) {
      if (!waiting.delete(resolve)) end(); // it had just become its turn
      throw error;
    }
  }
  function end(): void {
    const [next] = waiting;
    if (!next) {
      taken -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }
  return async (work, signal) => {
    await wait(signal);
    try {
      return await work();
    } finally {
      end();
    }
  };
}
