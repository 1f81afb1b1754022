// The audit sinks: files or standard output, written off the hot path.
import { pino } from 'pino';
import type { CheckRecord } from '../decision/decision.ts';
import { toAuditEvent, toAuditLine } from './event.ts';

export interface AuditSink {
  /** `-` is standard output. */
  readonly path: string;
}

export interface AuditLog {
  write(record: CheckRecord): void;
  /** Resolves once everything written is with the operating system. */
  readonly close: () => Promise<void>;
}

type Destination = ReturnType<typeof pino.destination>;

/** Opens every sink; throws a sentence when one can't be. `onError` is told of writes that fail. */
export function openAuditLog(
  sinks: readonly AuditSink[],
  onError: (path: string, error: unknown) => void,
): AuditLog {
  const destinations = sinks.map(({ path }) => openSink(path, onError));
  return {
    write: (record) => {
      if (destinations.length === 0) return;
      const line = toAuditLine(toAuditEvent(record));
      for (const destination of destinations) destination.write(line);
    },
    close: async () => {
      await Promise.all(destinations.map(flush));
    },
  };
}

function openSink(path: string, onError: (path: string, error: unknown) => void): Destination {
  const dest = path === '-' ? 1 : path;
  const destination = pino.destination({ dest, sync: false, mkdir: true });
  destination.on('error', (error: unknown) => onError(path, error));
  return destination;
}

function flush(destination: Destination): Promise<void> {
  return new Promise((resolve) => {
    destination.once('close', resolve).once('error', () => resolve());
    destination.end();
  });
}
