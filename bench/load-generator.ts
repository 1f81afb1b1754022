/** Runs the load generator's thread, one order at a time. */
import { Worker } from 'node:worker_threads';
import type { LoadOrder, LoadOutcome } from './load.ts';

export interface LoadGenerator {
  /** Rejects when an answer was not a good one: the speed of failures is nothing to know. */
  run(order: LoadOrder): Promise<LoadOutcome>;
  stop(): Promise<void>;
}

/** Starts the thread. */
export function startLoadGenerator(): LoadGenerator {
  const worker = new Worker(new URL('load.ts', import.meta.url));
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined); // every order that runs is told
  worker.on('error', broken.reject);
  return {
    run: async (order) => {
      const outcome = await Promise.race([answerTo(worker, order), broken.promise]);
      if (outcome.failed === 0) return outcome;
      throw new Error(`${outcome.failed} of ${order.total} requests were not answered well`);
    },
    stop: async () => {
      await worker.terminate();
    },
  };
}

function answerTo(worker: Worker, order: LoadOrder): Promise<LoadOutcome> {
  return new Promise((resolve) => {
    worker.once('message', resolve).postMessage(order, []);
  });
}
