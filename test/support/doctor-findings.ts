/** What tests of the doctor's rules have in common: one breakage breaks one rule, and each rule is shown to fail. */
import assert from 'node:assert/strict';
import type { Finding } from '../../src/doctor/finding.ts';

/** There is one finding, and it is this one. */
export function assertOnly(
  all: readonly Finding[],
  rule: string,
  severity: string,
  found: RegExp,
): void {
  assert.deepEqual(
    all.map((one) => [one.id, one.severity]),
    [[rule, severity]],
  );
  assert.match(all[0]?.found ?? '', found);
}

/** Every rule is among those that were shown to fail. */
export function assertAllShown(
  rules: readonly { readonly id: string }[],
  shown: Iterable<string>,
): void {
  const known = new Set(shown);
  assert.deepEqual(
    rules.map(({ id }) => id).filter((id) => !known.has(id)),
    [],
  );
}
