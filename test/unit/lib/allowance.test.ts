/** How often something may be done is bounded, by a clock that the test holds. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAllowance } from '../../../src/lib/allowance.ts';

it('lets a burst through, then so many each second, and saves up no more than a burst', () => {
  let ms = 1_000;
  const take = createAllowance({ burst: 3, perSecond: 2, now: () => ms });
  const takeFive = (): number => [1, 2, 3, 4, 5].filter(() => take()).length;
  assert.equal(takeFive(), 3);
  assert.equal(takeFive(), 0);
  ms += 499;
  assert.equal(takeFive(), 0);
  ms += 1;
  assert.equal(takeFive(), 1);
  ms += 1_000;
  assert.equal(takeFive(), 2);
  ms += 3_600_000;
  assert.equal(takeFive(), 3);
});
