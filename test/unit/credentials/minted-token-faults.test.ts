/** Tokens that can't be minted: what is told, to whom, and when it is tried again. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { denialOf } from '../../support/denials.ts';
import { lifeMs, startMint } from '../../support/fake-mint.ts';
import { robot } from '../../support/minted-accounts.ts';

const hour = 3_600_000;

describe('a mint that fails', () => {
  it('is told for five seconds before another is tried for those who ask', async (t) => {
    const mint = startMint(t);
    const first = mint.get();
    await mint.refuse('no such account');
    assert.equal((await denialOf(() => first)).message, 'no such account');
    await mint.pass(4_999);
    assert.equal((await denialOf(() => mint.get())).message, 'no such account');
    assert.equal(mint.asked.length, 1);
    await mint.pass(1);
    const later = mint.get();
    await mint.give();
    assert.equal(await later, 'token-1');
  });

  it('is not repeated for an account that nobody asks for', async (t) => {
    const mint = startMint(t);
    void mint.get();
    await mint.refuse();
    await mint.pass(hour);
    assert.equal(mint.asked.length, 1);
  });

  it('is repeated each ten seconds for an account that is kept', async (t) => {
    const mint = startMint(t);
    const kept = mint.tokens.keep(robot);
    for (const times of [1, 2, 3]) {
      assert.equal(mint.asked.length, times);
      await mint.refuse(`refused ${times}`);
      assert.equal(kept.fault(), `refused ${times}`);
      await mint.pass(9_999);
      assert.equal(mint.asked.length, times);
      await mint.pass(1);
    }
    await mint.give();
    assert.equal(kept.fault(), undefined);
  });

  it('is given up after ten seconds without an answer', async (t) => {
    const mint = startMint(t);
    const asked = mint.get();
    await mint.pass(10_000);
    const { reason, message } = await denialOf(() => asked);
    assert.equal(reason, 'credential_unavailable');
    assert.match(message, /robots\/robot: the API server did not answer in time/);
  });

  it('is logged once, and so is its end', async (t) => {
    const mint = startMint(t);
    mint.tokens.keep(robot);
    for (const why of ['forbidden', 'away', 'away', 'away']) {
      await mint.refuse(why);
      await mint.pass(10_000);
    }
    await mint.give();
    mint.now();
    await mint.pass(0.8 * lifeMs);
    await mint.refuse('away');
    const about = '"namespace":"robots","serviceAccount":"robot"';
    assert.deepEqual(
      mint.logged.filter((line) => !line.startsWith('debug')),
      [
        `error no service account token {${about},"fault":"forbidden"}`,
        `error no service account token {${about},"fault":"away"}`,
        `info a service account token was minted {${about},"expiresAt":"2027-01-15T08:10:40.000Z"}`,
        `warn a service account token was not renewed {${about},"fault":"away"}`,
      ],
    );
    assert.equal(mint.logged.length, 6);
  });
});

describe('whoever asks for a minted token', () => {
  it('waits no longer than the deadline, and the token still comes', async (t) => {
    const mint = startMint(t);
    const asked = mint.get(robot, 1_000);
    await mint.pass(1_000);
    const { reason, message } = await denialOf(() => asked);
    assert.equal(reason, 'credential_unavailable');
    assert.match(message, /robots\/robot: .* in time; try again later$/);
    await mint.give();
    assert.equal(mint.now(), 'token-1');
  });

  it('is not waited for after the deadline', async (t) => {
    const mint = startMint(t);
    await denialOf(() => mint.tokens.tokenFor(robot, { deadline: Date.now() }));
    assert.deepEqual(mint.asked, []);
  });

  it('may leave, and the others still get it', async (t) => {
    const mint = startMint(t);
    const leaving = new AbortController();
    const { signal } = leaving;
    const left = mint.tokens.tokenFor(robot, { deadline: Date.now() + 60_000, signal });
    const stays = mint.get();
    leaving.abort(new Error('gone home'));
    await assert.rejects(async () => left, /gone home/);
    await mint.give();
    assert.equal(await stays, 'token-1');
  });
});
