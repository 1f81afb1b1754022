/** What a step that must refuse says. */
import assert from 'node:assert/strict';
import { Denial } from '../../src/denial/denial.ts';

/** The Denial that the work ends with, thrown or as a rejection; anything else fails the test. */
export async function denialOf(work: () => unknown): Promise<Denial> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof Denial, `not a Denial: ${String(error)}`);
    return error;
  }
  return assert.fail('it was not refused');
}
