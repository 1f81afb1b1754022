// The audit logs together: each check in all of them, or it is denied.
import type { CheckRecord } from '../decision/decision.ts';
import { toAuditEntry } from './event.ts';
import { auditFormats } from './formats.ts';
import { openSink, type AuditSink, type Sink, type SinkOptions } from './sink.ts';

export interface AuditLog {
  /**
   * Puts the line of a check into every sink. Returns the record as it was written: another one, a
   * denial `audit_unavailable`, when a sink that may lose none has no room for it.
   */
  readonly write: (record: CheckRecord) => CheckRecord;
  /** Why checks are denied for the want of room; undefined when they are not. */
  readonly blocked: () => string | undefined;
  /** What is wrong with any sink, for people; undefined: nothing. */
  readonly fault: () => string | undefined;
  /** How much waits to be written in each sink, in bytes. */
  readonly waiting: () => readonly { readonly format: string; readonly bytes: number }[];
  /** Has every file opened anew before the next line: it may have been renamed. */
  readonly reopen: () => void;
  /** Resolves once everything written is with the operating system, or given up. */
  readonly close: () => Promise<void>;
}

/** Opens every sink; rejects with a sentence when one can't be, with none left open. */
export async function openAuditLog(
  settings: readonly AuditSink[],
  options: SinkOptions,
): Promise<AuditLog> {
  const sinks: Sink[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(sinks.map((sink) => sink.close()));
  };
  try {
    for (const sink of settings) sinks.push(await openSink(sink, options));
  } catch (error) {
    await close();
    throw error;
  }
  const byFormat = Map.groupBy(sinks, ({ format }) => format);
  const blocked = (): string | undefined => firstOf(sinks, (sink) => sink.blocked());
  return {
    write: (record) => {
      if (sinks.length === 0) return record;
      const final = blocked() === undefined ? record : withoutLine(record);
      const entry = toAuditEntry(final);
      for (const [format, those] of byFormat) {
        const line = auditFormats[format](entry);
        for (const { put } of those) put(line);
      }
      return final;
    },
    blocked,
    fault: () => firstOf(sinks, (sink) => sink.fault()),
    waiting: () => sinks.map(({ format, waitingBytes }) => ({ format, bytes: waitingBytes() })),
    reopen: () => {
      for (const sink of sinks) sink.reopen();
    },
    close,
  };
}

function withoutLine({ decision: { auditID }, ...record }: CheckRecord): CheckRecord {
  const message =
    'the audit log has no room for this request, and nothing may be done here without a line in it; try again';
  return {
    ...record,
    decision: { kind: 'deny', auditID, reason: 'audit_unavailable', message },
    actAs: '',
  };
}

function firstOf(
  sinks: readonly Sink[],
  ask: (sink: Sink) => string | undefined,
): string | undefined {
  for (const sink of sinks) {
    const answer = ask(sink);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
