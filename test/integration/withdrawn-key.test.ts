/** A key that its issuer publishes no longer: what it signed is refused with the next look at the key set, whoever asks. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startIssuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Reply } from '../support/check-client.ts';
import { startRunningApp } from '../support/running-app.ts';

it('is refused after the next poll, also in tokens that were good before, and nobody else is', async (t) => {
  const robbed = await startIssuer();
  t.after(() => robbed.close());
  const other = await startIssuer();
  t.after(() => other.close());
  const timing = { pollMs: 100, cooldownMs: 3_600_000 };
  const entry = { claimMappings: { username: { claim: 'sub', prefix: 'ci:' } } };
  const { client, stop } = await startRunningApp({ issuers: [robbed, other], entry, timing });
  t.after(stop);
  const ask = (token: string): Promise<Reply> =>
    client.check({ lines: [['authorization', `Bearer ${token}`]] });
  const stolen = await robbed.mint({ sub: 'deploy' });
  const good = await other.mint({ sub: 'deploy' });
  assert.equal((await ask(stolen)).status, 200);
  await robbed.rotateKeys({ keepOld: false });
  const refused = await waitUntil('the refusal', async () => {
    const reply = await ask(stolen);
    return reply.status === 401 ? reply : undefined;
  });
  assert.equal(refused.reason, 'token_key_unknown');
  assert.equal((await ask(good)).status, 200);
  assert.equal((await ask(await robbed.mint({ sub: 'deploy' }))).status, 200);
});
