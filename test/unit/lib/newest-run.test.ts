/** Work that is given up for the newest: one at a time, the last one always, none after the end. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createNewestRun, type NewestRun } from '../../../src/lib/newest-run.ts';

interface Run {
  readonly signal: AbortSignal;
  readonly end: () => void;
}

describe('the newest run', () => {
  it('begins when the one before, which is aborted, has ended', async () => {
    const { work, runs } = create();
    work.soon();
    await settle();
    assert.deepEqual(aborted(runs), [false]);
    work.soon();
    await settle();
    assert.deepEqual(aborted(runs), [true]);
    runs[0]?.end();
    await settle();
    assert.deepEqual(aborted(runs), [true, false]);
  });

  it('is one for all who ask before it begins', async () => {
    const { work, runs } = create();
    for (let count = 0; count < 5; count += 1) work.soon();
    await settle();
    assert.equal(runs.length, 1);
    for (let count = 0; count < 5; count += 1) work.soon();
    runs[0]?.end();
    await settle();
    assert.deepEqual(aborted(runs), [true, false]);
  });

  it('comes after a pause when that is asked for, and not twice when it was done before', async (t) => {
    const { work, runs } = create(t);
    work.later(1_000);
    t.mock.timers.tick(999);
    await settle();
    assert.equal(runs.length, 0);
    t.mock.timers.tick(1);
    await settle();
    assert.equal(runs.length, 1);
    runs[0]?.end();
    await settle();
    work.later(1_000);
    work.soon();
    await settle();
    runs[1]?.end();
    t.mock.timers.tick(10_000);
    await settle();
    assert.equal(runs.length, 2);
  });

  it('is aborted by the end, which waits for it, and nothing follows', async (t) => {
    const { work, runs } = create(t);
    work.soon();
    await settle();
    work.soon();
    let stopped = false;
    const stopping = work.stop().then(() => (stopped = true));
    await settle();
    assert.deepEqual([aborted(runs), stopped], [[true], false]);
    runs[0]?.end();
    await stopping;
    work.soon();
    work.later(1);
    t.mock.timers.tick(10);
    await settle();
    assert.equal(runs.length, 1);
  });
});

function create(t?: TestContext): { readonly work: NewestRun; readonly runs: readonly Run[] } {
  t?.mock.timers.enable({ apis: ['setTimeout'] });
  const runs: Run[] = [];
  const work = createNewestRun((signal) => {
    return new Promise((end) => runs.push({ signal, end }));
  });
  return { work, runs };
}

function aborted(runs: readonly Run[]): readonly boolean[] {
  return runs.map(({ signal }) => signal.aborted);
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
