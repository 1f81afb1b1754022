/** Audit logs of the test's own, what they tell, and pipes that nobody reads. */
import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { waitUntil } from '../../lab/wait.ts';
import { openAuditLog, type AuditLog } from '../../src/audit/log.ts';
import type { AuditSink } from '../../src/audit/sink.ts';
import type { CheckRecord } from '../../src/decision/decision.ts';
import { denied } from './audit-records.ts';

/** The least that the configuration takes. */
export const leastBytes = 4_096;

/** What Linux holds for a pipe that nobody reads, at most, when nobody asks for more. */
export const pipeBytes = 65_536;

export interface Told {
  failures: number;
  /** The format of each line that was lost. */
  readonly drops: string[];
  readonly logged: string[];
}

export interface WatchedLog {
  readonly log: AuditLog;
  readonly told: Told;
}

/** Opens sinks whose writes are tried again soon and given up soon. */
export async function openWatchedLog(
  sinks: readonly (Partial<AuditSink> & Pick<AuditSink, 'path'>)[],
): Promise<WatchedLog> {
  const told: Told = { failures: 0, drops: [], logged: [] };
  const say = (fields: object, message: string): void =>
    void told.logged.push(`${message} ${JSON.stringify(fields)}`);
  const log = await openAuditLog(
    sinks.map((sink) => ({ format: 'json', queueBytes: 1_048_576, onFull: 'block', ...sink })),
    {
      log: { debug: say, info: say, warn: say, error: say },
      onFailure: () => (told.failures += 1),
      onDrop: (format) => told.drops.push(format),
      retryMs: 5,
      graceMs: 200,
    },
  );
  return { log, told };
}

export function checkOf(auditID: string): CheckRecord {
  return { ...denied, decision: { ...denied.decision, auditID } };
}

export function auditIDs(text: string): readonly string[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => String(JSON.parse(line).auditID));
}

export function idsIn(path: string): readonly string[] {
  return auditIDs(readFileSync(path, 'utf8'));
}

/** Writes checks, a turn of the event loop apart, until many in a row are refused; returns those that were not. */
export async function writeUntilBlocked(log: AuditLog): Promise<readonly string[]> {
  const taken: string[] = [];
  let refused = 0;
  await waitUntil('the audit log to refuse check after check', async () => {
    for (let turn = 0; turn < 100; turn += 1) {
      const record = checkOf(`audit-${taken.length}`);
      if (log.write(record) === record) {
        taken.push(`audit-${taken.length}`);
        refused = 0;
      } else refused += 1;
      await nextTurn();
    }
    return refused >= 100;
  });
  return taken;
}

/** A named pipe, with nobody at either end. */
export function makePipe(path: string): string {
  execFileSync('mkfifo', [path]);
  return path;
}

export interface PipeReader {
  readonly text: () => string;
  readonly stop: () => void;
}

/** Begins to read a pipe that somebody has open for writing. */
export function readPipe(path: string): PipeReader {
  let text = '';
  const stream = createReadStream(path, { encoding: 'utf8' });
  stream.on('data', (chunk) => (text += String(chunk)));
  return { text: () => text, stop: () => void stream.destroy() };
}
