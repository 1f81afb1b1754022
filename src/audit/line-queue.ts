// Lines that wait until the system has taken them: in order, none lost while the process lives, and
// nobody waits for the disk or the reader of a pipe.
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './target.ts';

export interface LineQueueOptions {
  readonly target: Target;
  /** Told of each attempt that failed; the lines are kept and tried again. */
  readonly onFailure: (error: unknown) => void;
  /** Told of each write that the system took. */
  readonly onWritten: () => void;
  /** Milliseconds between attempts; default 1 000. */
  readonly retryMs?: number;
}

export interface LineQueue {
  /** Takes it however much waits; it ends with a line feed. */
  readonly add: (line: string) => void;
  /** Of the lines that the system hasn't taken whole. */
  readonly waitingBytes: () => number;
  /** Writes what waits until nothing moves for `graceMs`; resolves with how many lines are lost. */
  readonly close: (graceMs: number) => Promise<number>;
}

interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
}

const batchLength = 65_536;
const lineEnd = '\n'.charCodeAt(0);

/** A queue in front of a target, which is the queue's from now on. */
export function createLineQueue(options: LineQueueOptions): LineQueue {
  const { target, onFailure, onWritten, retryMs = 1_000 } = options;
  const giveUp = new AbortController();
  const batches: Batch[] = [];
  let open = { text: '', lines: 0 };
  let waiting = { bytes: 0, lines: 0 };
  let writes = 0;
  let running: Promise<void> | undefined;

  function add(line: string): void {
    open = { text: open.text + line, lines: open.lines + 1 };
    waiting = { bytes: waiting.bytes + Buffer.byteLength(line), lines: waiting.lines + 1 };
    if (open.text.length >= batchLength) seal();
    running ??= run();
  }
  function seal(): void {
    batches.push({ bytes: Buffer.from(open.text), lines: open.lines });
    open = { text: '', lines: 0 };
  }
  async function run(): Promise<void> {
    await nextTurn(); // one write has the lines of all checks that end in this turn
    while (waiting.lines > 0 && !giveUp.signal.aborted) {
      if (batches.length === 0) seal();
      const [batch] = batches;
      if (batch) await writeBatch(batch.bytes);
      if (batch && !giveUp.signal.aborted) settle(batch);
    }
    running = undefined;
  }
  function settle({ bytes, lines }: Batch): void {
    batches.shift();
    waiting = { bytes: waiting.bytes - bytes.length, lines: waiting.lines - lines };
  }
  async function writeBatch(bytes: Buffer): Promise<void> {
    let written = 0;
    while (written < bytes.length && !giveUp.signal.aborted) {
      try {
        if (await target.renew()) written = startOfLine(bytes, written);
        written += await target.write(bytes.subarray(written));
        writes += 1;
        onWritten();
      } catch (error) {
        if (giveUp.signal.aborted) return;
        onFailure(error);
        await sleep(retryMs, undefined, giveUp).catch(() => undefined);
      }
    }
  }
  async function untilNothingMoves(graceMs: number): Promise<void> {
    if (!running) return;
    const seen = writes;
    await raceTimer(running, graceMs);
    if (writes !== seen) await untilNothingMoves(graceMs);
  }
  return {
    add,
    waitingBytes: () => waiting.bytes,
    close: async (graceMs) => {
      await untilNothingMoves(graceMs);
      giveUp.abort();
      await target.close();
      return waiting.lines;
    },
  };
}

function startOfLine(bytes: Buffer, at: number): number {
  return at === 0 ? 0 : bytes.lastIndexOf(lineEnd, at - 1) + 1;
}

async function raceTimer(work: Promise<void>, ms: number): Promise<void> {
  const timer = new AbortController();
  await Promise.race([work, sleep(ms, undefined, timer).catch(() => undefined)]);
  timer.abort();
}
