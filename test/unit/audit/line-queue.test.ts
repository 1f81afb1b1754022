/** The queue before a file, with a system that takes a part, fails, or has another file in between. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { waitUntil } from '../../../lab/wait.ts';
import { createLineQueue, type LineQueue } from '../../../src/audit/line-queue.ts';
import type { Target } from '../../../src/audit/target.ts';

/** What a write does: how many bytes it takes (all that there are when fewer), or how it fails. */
type Step = number | Error;

interface Rig {
  readonly queue: LineQueue;
  /** What each file has; a step further there is another one when `moves` says so. */
  readonly files: string[];
  readonly failures: unknown[];
  readonly writes: () => number;
}

/** Follows the steps and then takes everything. `moves`: before which writes (from 0) the path leads elsewhere. */
function rig(steps: readonly Step[], moves: readonly number[] = []): Rig {
  const files = [''];
  const failures: unknown[] = [];
  const left = [...steps];
  let attempts = 0;
  const target: Target = {
    renew: async () => {
      const isOther = moves.includes(attempts);
      if (isOther) files.push('');
      return isOther;
    },
    write: async (bytes) => {
      attempts += 1;
      const step = left.shift() ?? bytes.length;
      if (step instanceof Error) throw step;
      const taken = bytes.subarray(0, step);
      files.push(`${files.pop() ?? ''}${taken.toString()}`);
      return taken.length;
    },
    reopen: () => undefined,
    close: async () => undefined,
  };
  const onFailure = (error: unknown): void => void failures.push(error);
  const queue = createLineQueue({ target, onFailure, onWritten: () => undefined, retryMs: 1 });
  return { queue, files, failures, writes: () => attempts };
}

const full = new Error('ENOSPC');

const rows: readonly (readonly [
  what: string,
  steps: readonly Step[],
  moves: readonly number[],
  files: readonly string[],
])[] = [
  ['everything is taken at once', [], [], ['one\ntwo\nthree\n']],
  ['a part is taken at a time', [2, 4, 1, 1], [], ['one\ntwo\nthree\n']],
  ['the disk is full for a while', [full, full, 6, full], [], ['one\ntwo\nthree\n']],
  ['the file is another one after a line', [4], [1], ['one\n', 'two\nthree\n']],
  ['the file is another one within a line', [6, full], [2], ['one\ntw', 'two\nthree\n']],
  ['the file is another one within the first line', [2], [1], ['on', 'one\ntwo\nthree\n']],
  ['nothing is taken at first', [0, 0], [], ['one\ntwo\nthree\n']],
];

describe('a queue of audit lines', () => {
  for (const [what, steps, moves, files] of rows) {
    it(`loses and tears no line when ${what}`, async () => {
      const run = rig(steps, moves);
      for (const line of ['one\n', 'two\n', 'three\n']) run.queue.add(line);
      assert.equal(run.queue.waitingBytes(), 14);
      await waitUntil('the end', () => run.queue.waitingBytes() === 0, { intervalMs: 1 });
      assert.deepEqual(run.files, files);
      assert.equal(run.failures.length, steps.filter((step) => step === full).length);
      assert.equal(await run.queue.close(1_000), 0);
    });
  }

  it('writes the lines of one turn together', async () => {
    const run = rig([]);
    for (let line = 0; line < 1_000; line += 1) run.queue.add('line\n');
    await run.queue.close(1_000);
    assert.equal(run.writes(), 1);
  });

  it('writes much in parts, and counts bytes, not characters', async () => {
    const run = rig([]);
    for (let line = 0; line < 50_000; line += 1) run.queue.add('größe\n');
    assert.equal(run.queue.waitingBytes(), 400_000);
    assert.equal(await run.queue.close(1_000), 0);
    assert.equal(run.files.join(''), 'größe\n'.repeat(50_000));
    assert.ok(run.writes() > 1);
  });

  it('goes on after it was empty', async () => {
    const run = rig([]);
    for (const line of ['one\n', 'two\n']) {
      run.queue.add(line);
      await waitUntil('the line', () => run.queue.waitingBytes() === 0, { intervalMs: 1 });
    }
    assert.deepEqual(run.files, ['one\ntwo\n']);
  });

  it('counts the lines that it gives up', async () => {
    const run = rig([4, ...Array.from({ length: 100_000 }, () => full)]);
    for (const line of ['one\n', 'two\n', 'three\n']) run.queue.add(line);
    await waitUntil('a failure', () => run.failures.length > 0, { intervalMs: 1 });
    assert.equal(await run.queue.close(1), 3);
  });
});
