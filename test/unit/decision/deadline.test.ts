/** A check is answered by its deadline, whoever is slow: silence would be an outage to Envoy. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide, type CheckContext, type Deciders } from '../../../src/decision/decide.ts';
import type { Decision, Deny } from '../../../src/decision/decision.ts';
import type { VerifiedToken } from '../../../src/token/verifier.ts';
import { verified, willing } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';

describe('the deadline', () => {
  it('ends a verification that does not', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    const waiting = decide(kubeRequest(), forever(), until(1_500));
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
    const waiting = decide(kubeRequest(), forever(), until(0));
    t.mock.timers.tick(1);
    assert.equal(denial((await waiting).decision).reason, 'deadline_exceeded');
  });

  it('ends a review of an impersonation that does not', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    const deciders = { ...willing, findOutbound: () => new Promise<never>(() => undefined) };
    const waiting = decide(kubeRequest(), deciders, until(1_500));
    await settle();
    t.mock.timers.tick(500);
    const { reason, message } = denial((await waiting).decision);
    assert.equal(reason, 'deadline_exceeded');
    assert.match(message, /API server/);
  });

  it('leaves no timer behind', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    const deciders = { ...willing, authenticate: async () => verified };
    const verdict = await decide(kubeRequest(), deciders, until(1_500));
    t.mock.timers.tick(10_000);
    await settle();
    assert.equal(verdict.decision.kind, 'allow');
  });

  it('has a verification that fails afterwards fail in silence', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    const late = Promise.withResolvers<VerifiedToken>();
    const deciders = { ...willing, authenticate: () => late.promise };
    const waiting = decide(kubeRequest(), deciders, until(1_500));
    t.mock.timers.tick(500);
    assert.equal(denial((await waiting).decision).reason, 'deadline_exceeded');
    late.reject(new Error('too late'));
    await settle(); // an unhandled rejection would fail the test
  });
});

function until(deadline: number): CheckContext {
  return { auditID: 'audit-1', deadline, signal: new AbortController().signal };
}

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
