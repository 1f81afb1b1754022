/** Many who want to do something, and few who may at once. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTurns } from '../../../src/lib/turns.ts';

describe('turns', () => {
  it('are taken in order, no more at once than allowed', async () => {
    const { enter, begun, end } = create(2);
    const all = ['a', 'b', 'c', 'd'].map((name) => enter(name));
    await settled();
    assert.deepEqual(begun, ['a', 'b']);
    end('b');
    await settled();
    assert.deepEqual(begun, ['a', 'b', 'c']);
    for (const name of ['a', 'c']) end(name);
    await settled();
    end('d');
    assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd']);
  });

  it('are free again after failures', async () => {
    const take = createTurns(1);
    const { signal } = new AbortController();
    for (const name of ['a', 'b']) {
      const work = (): Promise<never> => Promise.reject(new Error(name));
      await assert.rejects(take(work, signal), new RegExp(name));
    }
    assert.equal(await take(() => Promise.resolve(1), signal), 1);
  });

  it('pass over who does not want to wait any more', async () => {
    const { enter, begun, end } = create(1);
    const impatient = new AbortController();
    const [one, two, three] = [enter('a'), enter('b', impatient.signal), enter('c')];
    await settled();
    impatient.abort(new Error('enough'));
    await assert.rejects(two, /enough/);
    end('a');
    await settled();
    end('c');
    await Promise.all([one, three]);
    assert.deepEqual(begun, ['a', 'c']);
  });

  it('are not lost by who leaves in the moment of the turn', async () => {
    const { enter, begun, end } = create(1);
    const impatient = new AbortController();
    const one = enter('a');
    const two = enter('b', impatient.signal);
    await settled();
    const three = enter('c');
    impatient.abort(new Error('enough'));
    end('a');
    await one;
    await assert.rejects(two, /enough/);
    await settled();
    end('c');
    await three;
    assert.deepEqual(begun, ['a', 'c']);
  });
});

interface Room {
  readonly enter: (name: string, signal?: AbortSignal) => Promise<string>;
  readonly begun: readonly string[];
  readonly end: (name: string) => void;
}

function create(limit: number): Room {
  const take = createTurns(limit);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const enter: Room['enter'] = (name, signal = new AbortController().signal) =>
    take(() => {
      begun.push(name);
      return new Promise((resolve) => ends.set(name, () => resolve(name)));
    }, signal);
  return { enter, begun, end: (name) => ends.get(name)?.() };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
