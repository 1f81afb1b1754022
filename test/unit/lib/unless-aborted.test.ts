/** Work that somebody may stop waiting for. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unlessAborted } from '../../../src/lib/unless-aborted.ts';

const never = new Promise<never>(() => undefined);

describe('waiting unless aborted', () => {
  it('ends as the work does', async () => {
    const { signal } = new AbortController();
    assert.equal(await unlessAborted(Promise.resolve(1), signal), 1);
    assert.equal(await unlessAborted(Promise.resolve(2)), 2);
    await assert.rejects(unlessAborted(Promise.reject(new Error('no')), signal), /no/);
  });

  it('ends with the reason of the abort, before or while it waits', async () => {
    const ending = new AbortController();
    const waiting = unlessAborted(never, ending.signal);
    const reason = new Error('enough');
    ending.abort(reason);
    for (const one of [waiting, unlessAborted(never, ending.signal)]) {
      await assert.rejects(one, reason);
    }
  });

  it('is troubled by nothing that comes later', async () => {
    const ending = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const waiting = unlessAborted(promise, ending.signal);
    ending.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve)); // an unhandled rejection would end the test
  });
});
