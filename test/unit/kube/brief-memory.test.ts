/** What is remembered for a short time: not too long, and not too much. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createBriefMemory, type BriefMemory } from '../../../src/kube/brief-memory.ts';

describe('a brief memory', () => {
  it('keeps an answer for its time and not a moment longer', () => {
    const { memory, clock } = create();
    memory.set('a', 1, 1_000);
    clock.now = 1_099;
    assert.equal(memory.get('a'), 1);
    clock.now = 1_100;
    assert.equal(memory.get('a'), undefined);
  });

  it('counts from when it is told to', () => {
    const { memory, clock } = create();
    clock.now = 1_050;
    memory.set('a', 1, 1_000);
    clock.now = 1_100;
    assert.equal(memory.get('a'), undefined);
  });

  it('knows nothing of a future that a clock was set back from', () => {
    const { memory, clock } = create();
    memory.set('a', 1, 1_000);
    clock.now = 999;
    assert.equal(memory.get('a'), undefined);
  });

  it('keeps nothing when its time is none', () => {
    const { memory } = create({ ttlMs: 0 });
    memory.set('a', 1, 1_000);
    assert.equal(memory.get('a'), undefined);
  });

  it('drops the oldest when it is full, whatever was asked for last', () => {
    const { memory } = create({ maxEntries: 2 });
    for (const key of ['a', 'b']) memory.set(key, 1, 1_000);
    memory.get('a');
    memory.set('c', 1, 1_000);
    assert.deepEqual(known(memory), ['b', 'c']);
  });

  it('has the newer of two answers, and for its whole time', () => {
    const { memory, clock } = create({ maxEntries: 2 });
    memory.set('a', 1, 1_000);
    memory.set('b', 1, 1_000);
    clock.now = 1_050;
    memory.set('a', 2, 1_050);
    memory.set('c', 1, 1_050);
    clock.now = 1_120;
    assert.equal(memory.get('a'), 2);
    assert.deepEqual(known(memory), ['a', 'c']);
  });
});

interface Created {
  readonly memory: BriefMemory<number>;
  readonly clock: { now: number };
}

function create(options: { readonly ttlMs?: number; readonly maxEntries?: number } = {}): Created {
  const clock = { now: 1_000 };
  const limits = { ttlMs: 100, maxEntries: 10, ...options };
  return { memory: createBriefMemory({ ...limits, now: () => clock.now }), clock };
}

function known(memory: BriefMemory<number>): readonly string[] {
  return ['a', 'b', 'c'].filter((key) => memory.get(key) !== undefined);
}
