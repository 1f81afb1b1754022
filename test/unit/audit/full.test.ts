/** Audit logs that take no more, a pipe that nobody reads and a disk that is full: either checks are denied, or the loss is counted. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { waitUntil } from '../../../lab/wait.ts';
import type { CheckRecord } from '../../../src/decision/decision.ts';
import {
  auditIDs,
  checkOf,
  idsIn,
  leastBytes,
  makePipe,
  openWatchedLog,
  pipeBytes,
  readPipe,
  writeUntilBlocked,
} from '../../support/audit-logs.ts';
import { allowed, lineOf } from '../../support/audit-records.ts';

const runProgram = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'audit-full-'));
after(() => rmSync(folder, { recursive: true }));

const oneLine = bytesOf(['audit-00000']);

describe('an audit log that may lose nothing, before a pipe that nobody reads', () => {
  it('denies what has no room, holds no more than it may, and loses nothing of what it took', async () => {
    const path = makePipe(join(folder, 'block'));
    const { log, told } = await openWatchedLog([{ path, queueBytes: leastBytes }]);
    const taken = await writeUntilBlocked(log);
    assert.ok(bytesOf(taken) <= pipeBytes + leastBytes + oneLine, `${taken.length}`);
    assert.match(log.blocked() ?? '', /block is full \(4096 bytes\): it takes no more$/);
    const reader = readPipe(path);
    await waitUntil('room again', () => log.blocked() === undefined);
    log.write(checkOf('after'));
    await log.close();
    await waitUntil('the last line', () => auditIDs(reader.text()).at(-1) === 'after');
    assert.deepEqual(auditIDs(reader.text()), [...taken, 'after']);
    assert.deepEqual([told.failures, told.drops], [0, []]);
    assert.match(told.logged.join('\n'), /is full.*\n.*lines of the audit log are missing/);
  });

  it('has the denial in the log that has room, as it is answered', async () => {
    const [path, other] = [makePipe(join(folder, 'both')), join(folder, 'other.log')];
    const { log } = await openWatchedLog([{ path, queueBytes: leastBytes }, { path: other }]);
    const taken = await writeUntilBlocked(log);
    const final = log.write(allowed);
    await log.close();
    assert.deepEqual(reasonOf(final), 'audit_unavailable');
    assert.equal(final.actAs, '');
    assert.equal(final.inbound, allowed.inbound);
    const ids = idsIn(other);
    assert.deepEqual(ids.filter((id) => taken.includes(id)).slice(0, taken.length), taken);
    assert.equal(ids.at(-1), 'audit-1');
  });
});

describe('an audit log before a pipe', () => {
  it('keeps its lines for the next reader when one has gone', async () => {
    const path = makePipe(join(folder, 'readers'));
    const { log, told } = await openWatchedLog([{ path }]);
    for (const id of ['a', 'b', 'c']) {
      log.write(checkOf(id));
      const { stdout } = await runProgram('head', ['-n', '1', path]); // one that leaves after a line
      assert.deepEqual(auditIDs(stdout), [id]);
    }
    await log.close();
    assert.equal(told.failures, 0);
  });
});

describe('an audit log that may lose lines, before a pipe that nobody reads', () => {
  it('lets checks go on, counts what is lost, and has the rest in order', async () => {
    const path = makePipe(join(folder, 'drop'));
    const { log, told } = await openWatchedLog([{ path, queueBytes: leastBytes, onFull: 'drop' }]);
    const ids = Array.from({ length: 5_000 }, (_, index) => `audit-${index}`);
    for (const id of ids) {
      const record = checkOf(id);
      assert.equal(log.write(record), record);
      await nextTurn();
    }
    assert.equal(log.blocked(), undefined);
    assert.match(log.fault() ?? '', /drop is full/);
    const reader = readPipe(path);
    await waitUntil('room again', () => log.fault() === undefined);
    await log.close();
    await waitUntil('the rest', () => auditIDs(reader.text()).length + told.drops.length === 5_000);
    const read = auditIDs(reader.text());
    assert.ok(bytesOf(read) <= pipeBytes + leastBytes + oneLine, `${read.length}`);
    assert.deepEqual(read, ids.slice(0, read.length));
    assert.deepEqual(new Set(told.drops), new Set(['json']));
  });

  it('does not keep a stop waiting, and counts what it never wrote', async () => {
    const path = makePipe(join(folder, 'stopped'));
    const { log, told } = await openWatchedLog([{ path, queueBytes: leastBytes, onFull: 'drop' }]);
    for (let index = 0; index < 500; index += 1) {
      log.write(checkOf(`audit-${index}`));
      await nextTurn();
    }
    const before = told.drops.length;
    await log.close();
    assert.ok(told.drops.length > before);
    assert.match(told.logged.join('\n'), /lines of the audit log were not written/);
  });
});

describe('an audit log on a disk that is full', () => {
  it('denies what has no room, and says why', async () => {
    const { log, told } = await openWatchedLog([{ path: '/dev/full', queueBytes: leastBytes }]);
    const taken = await writeUntilBlocked(log);
    assert.ok(bytesOf(taken) <= leastBytes + oneLine, `${taken.length}`);
    assert.match(log.blocked() ?? '', /\/dev\/full is full \(4096 bytes\): ENOSPC/);
    assert.ok(told.failures > 0);
    await log.close();
    assert.equal(told.drops.length, taken.length);
    const errors = told.logged.filter((line) => line.includes('ENOSPC'));
    assert.equal(errors.length, 1, 'one sentence for all the attempts');
  });

  it('lets checks go on where lines may be lost, and counts them', async () => {
    const sink = { path: '/dev/full', queueBytes: leastBytes, onFull: 'drop' } as const;
    const { log, told } = await openWatchedLog([{ ...sink, format: 'audit.k8s.io' }]);
    for (let index = 0; index < 1_000; index += 1) {
      const record = checkOf(`audit-${index}`);
      assert.equal(log.write(record), record);
    }
    await waitUntil('a write that failed', () => told.failures > 0);
    await log.close();
    assert.deepEqual(told.drops, Array<string>(1_000).fill('audit.k8s.io'));
  });
});

function bytesOf(ids: readonly string[]): number {
  return ids.reduce((sum, id) => sum + Buffer.byteLength(lineOf('json', checkOf(id))), 0);
}

function reasonOf({ decision }: CheckRecord): string {
  return decision.kind === 'deny' ? decision.reason : decision.kind;
}
