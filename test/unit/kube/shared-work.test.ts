/** Work that many wait for is done once, and ended when nobody waits any more. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSharedWork } from '../../../src/kube/shared-work.ts';

interface Begun {
  readonly signal: AbortSignal;
  readonly end: (value: number) => void;
  readonly fail: (error: Error) => void;
}

describe('shared work', () => {
  it('runs once for all who join while it runs, and again for those who come later', async () => {
    const { join, begun } = create();
    const [one, two] = [join('a'), join('a')];
    assert.equal(begun.length, 1);
    begun[0]?.end(7);
    assert.deepEqual(await Promise.all([one.result, two.result]), [7, 7]);
    one.leave();
    two.leave();
    join('a').leave();
    assert.equal(begun.length, 2);
  });

  it('runs apart for other keys', () => {
    const { join, begun } = create();
    join('a').leave();
    join('b').leave();
    assert.equal(begun.length, 2);
  });

  it('fails for all who wait, and is forgotten', async () => {
    const { join, begun } = create();
    const shares = [join('a'), join('a')];
    begun[0]?.fail(new Error('no'));
    for (const { result, leave } of shares) {
      await assert.rejects(result, { message: 'no' });
      leave();
    }
    join('a').leave();
    assert.equal(begun.length, 2);
  });

  it('is aborted by the last who leaves, and not joined any more', () => {
    const { join, begun } = create();
    const [one, two] = [join('a'), join('a')];
    one.leave();
    assert.equal(begun[0]?.signal.aborted, false);
    two.leave();
    assert.equal(begun[0]?.signal.aborted, true);
    const three = join('a');
    assert.equal(begun.length, 2);
    assert.equal(begun[1]?.signal.aborted, false);
    three.leave();
  });

  it('leaves what came after it alone when it ends late', async () => {
    const { join, begun } = create();
    const one = join('a');
    one.leave();
    const two = join('a');
    begun[0]?.end(1);
    await one.result;
    const three = join('a');
    assert.equal(begun.length, 2);
    begun[1]?.end(2);
    assert.deepEqual(await Promise.all([two.result, three.result]), [2, 2]);
    two.leave();
    three.leave();
  });

  it('is aborted at its limit, however many keep joining', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { join, begun } = create();
    const first = join('a');
    t.mock.timers.tick(99);
    const second = join('a');
    assert.equal(begun[0]?.signal.aborted, false);
    t.mock.timers.tick(1);
    assert.equal(begun[0]?.signal.aborted, true);
    first.leave();
    second.leave();
  });

  it('troubles nobody by failing after all have left', async () => {
    const { join, begun } = create();
    join('a').leave();
    begun[0]?.fail(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve)); // an unhandled rejection would end the test
  });
});

function create(): {
  readonly join: (key: string) => ReturnType<ReturnType<typeof createSharedWork<number>>>;
  readonly begun: readonly Begun[];
} {
  const begun: Begun[] = [];
  const join = createSharedWork<number>(100);
  const start = (signal: AbortSignal): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    begun.push({ signal, end: resolve, fail: reject });
    return promise;
  };
  return { join: (key) => join(key, start), begun };
}
