import assert from 'node:assert/strict';

/** Fails when anything of a value could still be changed, at any depth. */
export function assertFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  assert.ok(Object.isFrozen(value), JSON.stringify(value));
  Object.values(value).forEach(assertFrozen);
}
