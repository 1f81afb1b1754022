/** When the keys of an issuer are fetched, how long they are used, and that nothing waits for it. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import {
  keepIssuerKeys,
  type IssuerKeys,
  type IssuerKeysOptions,
} from '../../../src/token/issuer-keys.ts';
import { parseKeySet, type KeySet } from '../../../src/token/key-set.ts';
import { createEcKey, keySetOf } from '../../support/signed-token.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const one = createEcKey('one');
const two = createEcKey('two');

describe('keepIssuerKeys', () => {
  it('fetches at once and has the keys when the first attempt has ended', async (t) => {
    const { keys, issuer } = keep(t);
    assert.equal(issuer.asked(), 1);
    assert.equal(keys.current(), undefined);
    assert.equal(keys.fetchedAt(), undefined);
    assert.equal(keys.fault(), 'they were not fetched yet');
    const set = keySetOf(one);
    issuer.answer(set);
    await keys.firstAttempt;
    assert.equal(keys.current(), set);
    assert.equal(keys.fault(), undefined);
    assert.equal(keys.fetchedAt(), Date.now());
  });

  it('ends the first attempt also when it failed, and says why', async (t) => {
    const { keys, issuer } = keep(t);
    issuer.fail('GET https://issuer.example: no');
    await keys.firstAttempt;
    assert.equal(keys.current(), undefined);
    assert.equal(keys.fault(), 'GET https://issuer.example: no');
    assert.deepEqual(issuer.told, ['GET https://issuer.example: no']);
  });

  it('tries again every 10 s until it has them, then every 5 min', async (t) => {
    const { keys, issuer } = keep(t);
    issuer.fail('no');
    await keys.firstAttempt;
    await pass(t, 10 * second - 1);
    assert.equal(issuer.asked(), 1);
    await pass(t, 1);
    assert.equal(issuer.asked(), 2);
    issuer.fail('still no');
    await pass(t, 10 * second);
    assert.equal(issuer.asked(), 3);
    issuer.answer(keySetOf(one));
    await settle();
    assert.ok(keys.current());
    assert.equal(keys.fault(), undefined);
    await pass(t, 5 * minute - 1);
    assert.equal(issuer.asked(), 3);
    await pass(t, 1);
    assert.equal(issuer.asked(), 4);
    assert.deepEqual(issuer.told, ['no', 'still no', undefined]);
  });

  it('has the timing it was given', async (t) => {
    const { issuer } = keep(t, { pollMs: 50, retryMs: 20 });
    issuer.fail('no');
    await pass(t, 20);
    assert.equal(issuer.asked(), 2);
    issuer.answer(keySetOf(one));
    await pass(t, 50);
    assert.equal(issuer.asked(), 3);
  });

  it('does not begin a fetch while one is under way', async (t) => {
    const { keys, issuer } = keep(t);
    const waiting = [keys.refetch(), keys.refetch(), keys.refetch()];
    await pass(t, hour);
    assert.equal(issuer.asked(), 1);
    const set = keySetOf(one);
    issuer.answer(set);
    assert.deepEqual(await Promise.all(waiting), [set, set, set]);
    assert.equal(issuer.asked(), 1);
  });

  it('keeps the same object while the keys are the same, and a new one when they are not', async (t) => {
    const { keys, issuer } = keep(t);
    const first = keySetOf(one);
    issuer.answer(first);
    await keys.firstAttempt;
    await pass(t, 5 * minute);
    issuer.answer(parseKeySet({ keys: [{ ...one.jwk, use: 'sig' }] }));
    await settle();
    assert.equal(keys.current(), first);
    assert.equal(keys.fetchedAt(), Date.now());
    await pass(t, 5 * minute);
    const changed = keySetOf(two);
    issuer.answer(changed);
    await settle();
    assert.equal(keys.current(), changed);
  });

  it('uses the last good keys for 12 h while the issuer is down, and no longer', async (t) => {
    const { keys, issuer } = keep(t, { retryMs: 24 * hour });
    const set = keySetOf(one);
    issuer.answer(set);
    await keys.firstAttempt;
    await pass(t, 5 * minute);
    issuer.fail('no');
    await settle();
    assert.equal(keys.current(), set);
    assert.equal(keys.fault(), 'no');
    await pass(t, 12 * hour - 5 * minute);
    assert.equal(keys.current(), set);
    await pass(t, 1);
    assert.equal(keys.current(), undefined);
    assert.notEqual(keys.fetchedAt(), undefined);
  });

  it('takes the keys back into use when the issuer is up again', async (t) => {
    const { keys, issuer } = keep(t, { maxAgeMs: minute });
    issuer.answer(keySetOf(one));
    await keys.firstAttempt;
    await pass(t, 5 * minute);
    assert.equal(keys.current(), undefined);
    const set = keySetOf(two);
    issuer.answer(set);
    await settle();
    assert.equal(keys.current(), set);
  });
});

describe('refetch', () => {
  it('fetches at once when a token asks for the first time', async (t) => {
    const { keys, issuer } = await kept(t);
    const fresh = keys.refetch();
    assert.equal(issuer.asked(), 2);
    const set = keySetOf(one, two);
    issuer.answer(set);
    assert.equal(await fresh, set);
  });

  it('gives what is there when a token asked moments ago, and fetches again 10 s later', async (t) => {
    const { keys, issuer } = await kept(t);
    void keys.refetch();
    issuer.answer(keySetOf(one));
    await settle();
    const set = keys.current();
    await pass(t, 10 * second - 1);
    assert.equal(await keys.refetch(), set);
    assert.equal(issuer.asked(), 2);
    await pass(t, 1);
    void keys.refetch();
    assert.equal(issuer.asked(), 3);
  });

  it('leaves an issuer that is down in peace for the same time', async (t) => {
    const { keys, issuer } = await kept(t);
    void keys.refetch();
    issuer.fail('no');
    await settle();
    for (let count = 0; count < 1_000; count += 1) await keys.refetch();
    assert.equal(issuer.asked(), 2);
  });

  it('never rejects: it gives the last good keys', async (t) => {
    const { keys, issuer } = await kept(t);
    const fresh = keys.refetch();
    issuer.fail('no');
    assert.equal(await fresh, keys.current());
    assert.ok(keys.current());
    assert.equal(keys.fault(), 'no');
  });

  it('gives nothing when there never were keys', async (t) => {
    const { keys, issuer } = keep(t);
    const fresh = keys.refetch();
    issuer.fail('no');
    assert.equal(await fresh, undefined);
  });
});

describe('stop', () => {
  it('ends the timer', async (t) => {
    const { keys, issuer } = await kept(t);
    keys.stop();
    await pass(t, 24 * hour);
    assert.equal(issuer.asked(), 1);
  });

  it('aborts a fetch that is under way and begins no other', async (t) => {
    const { keys, issuer } = keep(t);
    keys.stop();
    assert.equal(issuer.aborted(), true);
    issuer.fail('aborted');
    await keys.firstAttempt;
    await pass(t, 24 * hour);
    assert.equal(issuer.asked(), 1);
    assert.deepEqual(issuer.told, []);
  });
});

interface FakeIssuer {
  /** How often the keys were fetched. */
  asked(): number;
  /** Ends the fetch that is under way. */
  answer(keys: KeySet): void;
  fail(message: string): void;
  aborted(): boolean;
  readonly told: readonly (string | undefined)[];
}

interface Kept {
  readonly keys: IssuerKeys;
  readonly issuer: FakeIssuer;
}

/** Keys of an issuer that answers when the test says so, on a clock that the test moves. */
function keep(t: TestContext, options: Partial<IssuerKeysOptions> = {}): Kept {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 });
  let fetches = 0;
  let pending = Promise.withResolvers<KeySet>();
  let lastSignal: AbortSignal | undefined;
  const told: (string | undefined)[] = [];
  const keys = keepIssuerKeys({
    fetchKeys: (signal) => {
      fetches += 1;
      lastSignal = signal;
      pending = Promise.withResolvers<KeySet>();
      return pending.promise;
    },
    onAttempt: (error) => void told.push(error),
    ...options,
  });
  t.after(() => keys.stop());
  const issuer: FakeIssuer = {
    asked: () => fetches,
    answer: (set) => pending.resolve(set),
    fail: (message) => pending.reject(new Error(message)),
    aborted: () => lastSignal?.aborted === true,
    told,
  };
  return { keys, issuer };
}

/** The same, with keys at hand. */
async function kept(t: TestContext): Promise<Kept> {
  const both = keep(t);
  both.issuer.answer(keySetOf(one));
  await both.keys.firstAttempt;
  return both;
}

async function pass(t: TestContext, ms: number): Promise<void> {
  await settle();
  t.mock.timers.tick(ms);
  await settle();
}

/** Lets everything that waits for no timer run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
