/** Credentials of a quick start that stays up for days: renewed in time, and tried again after a failure. */
import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { keepRenewed } from '../../lab/renewal.ts';

const lifeMs = 3_600_000;

describe('keepRenewed', () => {
  it('renews when 80 % of the life is over, and no sooner', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setInterval'] });
    const renew = mock.fn(oneHour);
    const renewal = await keepRenewed(renew, assert.ifError);
    await pass(t.mock.timers, 0.79 * lifeMs);
    assert.equal(renew.mock.callCount(), 1);
    await pass(t.mock.timers, 0.02 * lifeMs);
    assert.equal(renew.mock.callCount(), 2);
    await pass(t.mock.timers, 0.81 * lifeMs);
    assert.equal(renew.mock.callCount(), 3);
    renewal.stop();
    await pass(t.mock.timers, 2 * lifeMs);
    assert.equal(renew.mock.callCount(), 3);
  });

  it('tells of a failure and tries again', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setInterval'] });
    const fault = new Error('the API server is away');
    const renew = mock.fn(oneHour);
    const failures: unknown[] = [];
    const renewal = await keepRenewed(renew, (error) => failures.push(error));
    renew.mock.mockImplementationOnce(() => Promise.reject(fault));
    await pass(t.mock.timers, 0.81 * lifeMs);
    assert.deepEqual(failures, [fault]);
    assert.equal(renew.mock.callCount(), 3);
    renewal.stop();
  });

  it('rejects when there is no credential to begin with', async () => {
    const fault = new Error('no such account');
    await assert.rejects(
      keepRenewed(() => Promise.reject(fault), assert.ifError),
      fault,
    );
  });
});

function oneHour(): Promise<{ begins: number; ends: number }> {
  return Promise.resolve({ begins: Date.now(), ends: Date.now() + lifeMs });
}

/** Lets the time pass in steps, so that what a timer has begun is over before the next one fires. */
async function pass(timers: { tick(ms: number): void }, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    timers.tick(Math.min(left, 10_000));
    await Promise.resolve().then(() => undefined);
    await Promise.resolve().then(() => undefined);
  }
}
