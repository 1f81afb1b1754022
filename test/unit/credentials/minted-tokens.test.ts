/** Minted tokens: one mint for all who ask, renewed in time, never sent past the end. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TokenAccount } from '../../../src/kube/token-account.ts';
import { denialOf } from '../../support/denials.ts';
import { lifeMs, startMint } from '../../support/fake-mint.ts';
import { robot } from '../../support/minted-accounts.ts';

const hour = 3_600_000;

describe('a minted token', () => {
  it('is minted when it is asked for first, and at hand from then on', async (t) => {
    const mint = startMint(t);
    assert.deepEqual(mint.asked, []);
    const first = mint.get();
    await mint.give();
    assert.equal(await first, 'token-1');
    assert.equal(mint.now(), 'token-1');
    assert.equal(mint.now({ ...robot, audiences: [...robot.audiences] }), 'token-1');
    assert.deepEqual(mint.asked, ['robot']);
  });

  it('is one for all who ask while it is minted', async (t) => {
    const mint = startMint(t);
    const all = Array.from({ length: 100 }, () => mint.get());
    await mint.give();
    assert.deepEqual(new Set(await Promise.all(all)), new Set(['token-1']));
    assert.equal(mint.asked.length, 1);
  });

  for (const [what, other] of [
    ['namespace', { namespace: 'others' }],
    ['name', { name: 'other' }],
    ['audience', { audiences: ['other'] }],
    ['two audiences', { audiences: [...robot.audiences, 'other'] }],
    ['no audience', { audiences: [] }],
    ['life', { expirationSeconds: 601 }],
    ['Pod', { boundPod: { name: 'p', uid: 'u' } }],
  ] satisfies (readonly [string, Partial<TokenAccount>])[]) {
    it(`is another for another account: ${what}`, async (t) => {
      const mint = startMint(t);
      const both = [mint.get(), mint.get({ ...robot, ...other })];
      await mint.give();
      await mint.give();
      assert.deepEqual(await Promise.all(both), ['token-1', 'token-2']);
    });
  }

  it('is renewed at four fifths of its life, if it was asked for', async (t) => {
    const mint = startMint(t);
    void mint.get();
    await mint.give();
    mint.now();
    await mint.pass(0.8 * lifeMs - 1);
    assert.equal(mint.asked.length, 1);
    await mint.pass(1);
    assert.equal(mint.asked.length, 2);
    assert.equal(mint.now(), 'token-1');
    await mint.give();
    assert.equal(mint.now(), 'token-2');
  });

  it('is renewed after a day, however long it lives', async (t) => {
    const mint = startMint(t);
    mint.tokens.keep({ ...robot, expirationSeconds: 2 ** 32 });
    await mint.give(2 ** 32 * 1000);
    await mint.pass(24 * hour - 1);
    assert.equal(mint.asked.length, 1);
    await mint.pass(1);
    assert.equal(mint.asked.length, 2);
  });

  it('is not renewed when nobody has asked since it was minted, and then minted again', async (t) => {
    const mint = startMint(t);
    void mint.get();
    await mint.give();
    await mint.pass(lifeMs);
    assert.equal(mint.asked.length, 1);
    const next = mint.get();
    await mint.give();
    assert.equal(await next, 'token-2');
  });

  it('is renewed for one who asks late in its life', async (t) => {
    const mint = startMint(t);
    void mint.get();
    await mint.give();
    await mint.pass(0.9 * lifeMs);
    assert.equal(mint.asked.length, 1);
    for (const _ of ['one', 'two']) assert.equal(mint.now(), 'token-1');
    assert.equal(mint.asked.length, 2);
    await mint.give();
    assert.equal(mint.now(), 'token-2');
  });

  it('serves until five seconds before its end while the next can not be had, and no longer', async (t) => {
    const mint = startMint(t);
    mint.tokens.keep(robot);
    await mint.give();
    await mint.pass(0.8 * lifeMs);
    for (let left = 0.2 * lifeMs; left > 10_000; left -= 10_000) {
      await mint.refuse();
      assert.equal(mint.now(), 'token-1');
      await mint.pass(10_000);
    }
    assert.equal(mint.asked.length, 13); // the first, then one each ten seconds
    await mint.pass(5_000 - 1);
    assert.equal(mint.now(), 'token-1');
    await mint.pass(1);
    const late = mint.get();
    await mint.refuse('gone');
    assert.match((await denialOf(() => late)).message, /^gone$/);
  });

  it('is not taken when it ends at once', async (t) => {
    const mint = startMint(t);
    const asked = mint.get();
    await mint.give(5_000);
    assert.match((await denialOf(() => asked)).message, /robots\/robot: .* ends at once$/);
  });

  it('counts from when it was asked for', async (t) => {
    const mint = startMint(t);
    void mint.get();
    await mint.pass(9_000);
    await mint.give();
    mint.now();
    await mint.pass(0.8 * lifeMs - 9_000);
    assert.equal(mint.asked.length, 2);
  });

  it('stays at hand when it was asked for in the moment in which the last one ended', async (t) => {
    const mint = startMint(t);
    void mint.get();
    await mint.give();
    await mint.pass(lifeMs - 5_000 - 1);
    t.mock.timers.setTime(Date.now() + 1);
    void mint.get();
    await mint.pass(1);
    await mint.give();
    assert.equal(mint.now(), 'token-2');
  });

  it('does not last longer when the clock is set back', async (t) => {
    const mint = startMint(t);
    void mint.get();
    await mint.give();
    t.mock.timers.setTime(Date.now() - hour);
    const next = mint.get();
    await mint.give();
    assert.equal(await next, 'token-2');
  });
});

describe('an account that is kept', () => {
  it('has its token minted at once and renewed always', async (t) => {
    const mint = startMint(t);
    const kept = mint.tokens.keep(robot);
    assert.match(kept.fault() ?? '', /not there yet/);
    assert.equal(kept.expiry(), undefined);
    await mint.give();
    assert.equal(kept.fault(), undefined);
    assert.equal(kept.expiry(), 1_800_000_000 + 600);
    for (const life of [1, 2, 3]) {
      await mint.pass(0.8 * lifeMs);
      await mint.give();
      assert.equal(kept.expiry(), 1_800_000_000 + life * 480 + 600);
    }
    assert.equal(mint.asked.length, 4);
    assert.equal(mint.now(), 'token-4');
  });

  it('says that its last token has ended', async (t) => {
    const mint = startMint(t);
    const kept = mint.tokens.keep(robot);
    await mint.give();
    await mint.pass(0.8 * lifeMs);
    await mint.refuse('away');
    assert.equal(kept.fault(), undefined);
    await mint.pass(0.2 * lifeMs);
    assert.equal(kept.fault(), 'away');
  });

  it('is kept until everybody who keeps it forgets it, each once', async (t) => {
    const mint = startMint(t);
    const [one, two] = [mint.tokens.keep(robot), mint.tokens.keep({ ...robot })];
    await mint.give();
    one.forget();
    one.forget();
    await mint.pass(0.8 * lifeMs);
    await mint.give();
    assert.equal(mint.now(), 'token-2');
    two.forget();
    assert.equal(mint.now(), 'token-2');
    await mint.pass(0.8 * lifeMs);
    await mint.give();
    await mint.pass(hour); // not asked for since
    assert.equal(mint.asked.length, 3);
  });

  it('keeps the token that it had before it was kept', async (t) => {
    const mint = startMint(t, { maxUnkept: 1 });
    void mint.get();
    await mint.give();
    assert.equal(mint.tokens.keep(robot).fault(), undefined);
    for (const name of ['other', 'third']) {
      void mint.get(named(name));
      await mint.give();
    }
    await mint.pass(0.8 * lifeMs);
    assert.deepEqual(mint.asked, ['robot', 'other', 'third', 'robot']);
  });

  it('is left alone when it is forgotten before its token came', async (t) => {
    const mint = startMint(t);
    const kept = mint.tokens.keep(robot);
    kept.forget();
    await mint.refuse();
    await mint.pass(hour);
    assert.equal(mint.asked.length, 1);
  });
});

describe('accounts that nobody keeps', () => {
  it('are dropped when there are too many: first the one that was not asked for longest', async (t) => {
    const mint = startMint(t, { maxUnkept: 2 });
    mint.tokens.keep(named('kept'));
    await mint.give();
    for (const name of ['a', 'b']) {
      void mint.get(named(name));
      await mint.give();
    }
    mint.now(named('a'));
    void mint.get(named('c'));
    await mint.give();
    assert.equal(mint.now(named('kept')), 'token-1');
    assert.equal(mint.now(named('a')), 'token-2');
    assert.equal(mint.now(named('c')), 'token-4');
    void mint.get(named('b'));
    assert.deepEqual(mint.asked, ['kept', 'a', 'b', 'c', 'b']);
  });

  it('are dropped while they are minted, and whoever waits is served', async (t) => {
    const mint = startMint(t, { maxUnkept: 1 });
    const both = [mint.get(), mint.get(named('other'))];
    await mint.give();
    await mint.give();
    assert.deepEqual(await Promise.all(both), ['token-1', 'token-2']);
    await mint.pass(hour);
    assert.equal(mint.asked.length, 2);
  });
});

describe('minted tokens that are stopped', () => {
  it('mint nothing more, and say so', async (t) => {
    const mint = startMint(t);
    const kept = mint.tokens.keep(robot);
    await mint.give();
    mint.tokens.keep(named('other'));
    const other = mint.get(named('other'));
    mint.tokens.stop();
    assert.match((await denialOf(() => other)).message, /shutting down/);
    assert.match((await denialOf(() => mint.get())).message, /shutting down/);
    kept.forget();
    await mint.pass(hour);
    assert.deepEqual(mint.asked, ['robot', 'other']);
    assert.doesNotMatch(mint.logged.join('\n'), /^(warn|error)/m);
  });
});

function named(name: string): TokenAccount {
  return { ...robot, name };
}
