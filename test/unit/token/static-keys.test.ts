/** Configured keys over time: a certificate's key is used while the certificate is valid. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAuthority } from '../../../lab/certificates.ts';
import { keepStaticKeys } from '../../../src/token/static-keys.ts';

const day = 86_400_000;

it("a certificate's key verifies nothing before and after the certificate is valid", async (t) => {
  const { certPem } = await (await createAuthority('ca')).issue({ commonName: 'pipeline' });
  let now = Date.now();
  const told: (string | undefined)[] = [];
  const keys = keepStaticKeys({
    sources: [{ pem: certPem }],
    onAttempt: (error) => told.push(error),
    now: () => now,
  });
  t.after(() => keys.stop());
  await keys.firstAttempt;
  assert.deepEqual(told, [undefined]);
  const valid = keys.current();
  assert.equal(valid?.candidates('any').length, 1);
  now += day;
  assert.equal(keys.current(), valid, 'the same keys stay the same object');
  now += 7 * day;
  assert.equal(keys.current(), undefined);
  assert.match(keys.fault() ?? '', /expired/);
  now -= 30 * day;
  assert.equal(await keys.refetch(), undefined);
});
