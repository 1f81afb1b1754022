/** A check is answered by its deadline, whoever is slow: silence would be an outage to Envoy. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide, type Deciders } from '../../../src/decision/decide.ts';
import type { Decision, Deny } from '../../../src/decision/decision.ts';
import type { VerifiedToken } from '../../../src/token/verifier.ts';
import { verified, willing } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';

describe('the deadline', () => {
  it('ends a verification that does not', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    const waiting = decide(kubeRequest(), forever(), { auditID: 'audit-1', deadline: 1_500 });
    let ended = false;
    void waiting.then(() => (ended = true));
    t.mock.timers.tick(499);
    await settle();
    assert.equal(ended, false);
    t.mock.timers.tick(1);
    const { decision } = await waiting;
    assert.equal(denial(decision).reason, 'deadline_exceeded');
  });

  it('that has passed already denies whoever is not known yet', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    const waiting = decide(kubeRequest(), forever(), { auditID: 'audit-1', deadline: 0 });
    t.mock.timers.tick(1);
    assert.equal(denial((await waiting).decision).reason, 'deadline_exceeded');
  });

  it('leaves no timer behind', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    const deciders = { ...willing, authenticate: async () => verified };
    const verdict = await decide(kubeRequest(), deciders, { auditID: 'a', deadline: 1_500 });
    t.mock.timers.tick(10_000);
    await settle();
    assert.equal(verdict.decision.kind, 'allow');
  });

  it('has a verification that fails afterwards fail in silence', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    const late = Promise.withResolvers<VerifiedToken>();
    const deciders = { ...willing, authenticate: () => late.promise };
    const waiting = decide(kubeRequest(), deciders, { auditID: 'audit-1', deadline: 1_500 });
    t.mock.timers.tick(500);
    assert.equal(denial((await waiting).decision).reason, 'deadline_exceeded');
    late.reject(new Error('too late'));
    await settle(); // an unhandled rejection would fail the test
  });
});

function forever(): Deciders {
  return { ...willing, authenticate: () => new Promise(() => undefined) };
}

function denial(decision: Decision): Deny {
  assert.equal(decision.kind, 'deny');
  return decision;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
