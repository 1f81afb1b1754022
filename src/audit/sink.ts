// One audit log: its queue, what is done when that is full, and what is told of it.
import { errorMessage } from '../lib/error-message.ts';
import type { Logger } from '../lib/logger.ts';
import type { AuditFormat } from './formats.ts';
import { createLineQueue } from './line-queue.ts';
import { openTarget } from './open-target.ts';

export interface AuditSink {
  readonly format: AuditFormat;
  /** `-` is standard output. */
  readonly path: string;
  /** How much may wait to be written; the line that passes it is still taken. */
  readonly queueBytes: number;
  /** What becomes of a check whose line has no room: it is denied, or it goes on without. */
  readonly onFull: 'block' | 'drop';
}

export interface SinkOptions {
  readonly log: Logger;
  /** Told of each write that failed. */
  readonly onFailure: () => void;
  /** Told of each line that was lost. */
  readonly onDrop: (format: AuditFormat) => void;
  /** Milliseconds until a write that failed is tried again; default 1 000. */
  readonly retryMs?: number;
  /** How long a stop waits for a sink that takes nothing, in milliseconds; default 2 000. */
  readonly graceMs?: number;
}

export interface Sink {
  readonly format: AuditFormat;
  /** Takes the line, or loses it when the queue is full. */
  readonly put: (line: string) => void;
  /** Why no check may go on now; undefined when they may. */
  readonly blocked: () => string | undefined;
  /** Why lines are not written at present; undefined when they are. */
  readonly fault: () => string | undefined;
  /** How much waits to be written. */
  readonly waitingBytes: () => number;
  readonly reopen: () => void;
  /** Resolves once everything is with the operating system, or given up. */
  readonly close: () => Promise<void>;
}

/** Opens it; rejects with a sentence when it can't be. */
export async function openSink(sink: AuditSink, options: SinkOptions): Promise<Sink> {
  const { format, path, queueBytes, onFull } = sink;
  const { log, onFailure, onDrop, retryMs, graceMs = 2_000 } = options;
  const named = { format, path };
  const place = path === '-' ? 'standard output' : path;
  const target = await openTarget(path).catch((error: unknown) => {
    throw new Error(`audit ${place}: it can't be opened: ${errorMessage(error)}`, { cause: error });
  });
  let failure: string | undefined;
  let lost = 0;
  const queue = createLineQueue({
    target,
    onFailure: (error) => {
      onFailure();
      if (failure === undefined) log.error({ ...named, error: errorMessage(error) }, notWritten);
      failure = errorMessage(error);
    },
    onWritten: () => {
      if (failure !== undefined) log.info(named, 'the audit log is written again');
      failure = undefined;
    },
    ...(retryMs !== undefined && { retryMs }),
  });
  function isFull(): boolean {
    return queue.waitingBytes() >= queueBytes;
  }
  function full(): string | undefined {
    if (!isFull()) return undefined;
    return `the queue of ${place} is full (${queueBytes} bytes): ${failure ?? 'it takes no more'}`;
  }
  function lose(): void {
    if (lost === 0) log.error({ ...named, onFull }, 'the queue of the audit log is full');
    lost += 1;
    if (onFull === 'drop') onDrop(format); // else the check was denied for it, and is counted as such
  }
  function tellLost(): void {
    if (lost > 0) log.warn({ ...named, onFull, lines: lost }, 'lines of the audit log are missing');
    lost = 0;
  }
  function put(line: string): void {
    if (isFull()) return lose();
    // At half, so that a sink which is a little too slow isn't told of at each turn.
    if (lost > 0 && queue.waitingBytes() < queueBytes / 2) tellLost();
    queue.add(line);
  }
  return {
    format,
    put,
    blocked: () => (onFull === 'block' ? full() : undefined),
    fault: () => full() ?? (failure === undefined ? undefined : `${place}: ${failure}`),
    waitingBytes: queue.waitingBytes,
    reopen: target.reopen,
    close: async () => {
      const lines = await queue.close(graceMs);
      tellLost();
      for (let line = 0; line < lines; line += 1) onDrop(format);
      if (lines > 0) log.error({ ...named, lines }, 'lines of the audit log were not written');
    },
  };
}

const notWritten = 'the audit log can not be written; its lines are kept and tried again';
