/** Parts of a decision that had to wait are timed, and those that had not are not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runPhase, type PhaseTimes } from '../../../src/decision/phases.ts';
import { decide } from '../../../src/decision/decide.ts';
import { Denial } from '../../../src/denial/denial.ts';
import { identity, verified, willing } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';

const deadline = Date.now() + 60_000;

describe('a phase', () => {
  it('whose answer is at hand has no time', async () => {
    const times: PhaseTimes = {};
    assert.equal(await runPhase('token', { deadline, times }, () => 7), 7);
    assert.deepEqual(times, {});
  });

  it('that refuses at once has none either', async () => {
    const times: PhaseTimes = {};
    await assert.rejects(runPhase('token', { deadline, times }, refuse), /no/);
    assert.deepEqual(times, {});
  });

  it('has the time from its beginning to its end, of work that is done before it waits, too', async () => {
    const times: PhaseTimes = {};
    const begun = performance.now();
    const work = (): Promise<number> => {
      while (performance.now() - begun < 5); // what a signature takes
      return new Promise((resolve) => setTimeout(resolve, 5, 7));
    };
    assert.equal(await runPhase('credential', { deadline, times }, work), 7);
    const { credential = 0, ...others } = times;
    assert.ok(credential >= 9 && credential <= performance.now() - begun, String(credential));
    assert.deepEqual(others, {});
  });

  it('that fails, or is given up, has one as well', async () => {
    const times: PhaseTimes = {};
    const late = { deadline: Date.now() - 1, times };
    await assert.rejects(runPhase('impersonation', late, forever), { reason: 'deadline_exceeded' });
    await assert.rejects(runPhase('token', { deadline, times }, fail), /no/);
    assert.deepEqual(Object.keys(times), ['impersonation', 'token']);
  });
});

describe('a decision', () => {
  const rows: readonly (readonly [string, Partial<typeof willing>, readonly string[]])[] = [
    ['of remembered answers alone has no times', {}, []],
    ['that waits for a token', { authenticate: async () => verified }, ['token']],
    ['that waits for a review', { findOutbound: async () => identity }, ['impersonation']],
    ['that waits for our own token', { upstreamToken: async () => 't' }, ['credential']],
    [
      'that acts as an account whose token is minted',
      {
        authenticate: () => ({ ...verified, actAs: 'serviceAccount' as const }),
        accountCredential: async () => ({ token: 't', outbound: identity }),
      },
      ['credential'],
    ],
  ];
  for (const [title, deciders, phases] of rows) {
    it(title, async () => {
      const times: PhaseTimes = {};
      const { signal } = new AbortController();
      const context = { auditID: 'a', deadline, signal, times };
      const all = { ...willing, ...deciders };
      const { decision } = await decide(kubeRequest(), all, context);
      assert.equal(decision.kind, 'allow');
      assert.deepEqual(Object.keys(times), phases);
    });
  }
});

function refuse(): never {
  throw new Denial('token_malformed', 'no');
}

function fail(): Promise<never> {
  return Promise.reject(new Denial('token_signature', 'no'));
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
