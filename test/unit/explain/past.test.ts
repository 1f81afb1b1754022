/** A decision of the past: found in a stream of lines, and told in words. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { DenyReason } from '../../../src/denial/reasons.ts';
import { findEvent, type PastEvent } from '../../../src/explain/audit-line.ts';
import { describePast, readPast } from '../../../src/explain/past.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const alice = { username: 'alice', uid: '', groups: ['dev', 'ops'], extra: {} };
/** As the audit log's json format has it: the fields are a contract. */
const allowedEvent = {
  time: '2026-11-25T08:00:00.000Z',
  msg: 'check',
  auditID: 'id-1',
  requestID: 'request-1',
  decision: 'allow',
  reason: '',
  method: 'GET',
  uri: '/api/v1/namespaces/team/pods/web/log',
  verb: 'get',
  resource: 'pods/log',
  apiGroup: '',
  namespace: 'team',
  name: 'web',
  source: { peer: '192.0.2.7', forwardedFor: '' },
  issuer: 'people',
  actAs: 'impersonate',
  inbound: alice,
  outbound: { ...alice, username: 'bob' },
  durationMs: 1.5,
} as const;

describe('an audit line', () => {
  it('is found by its ID, the last of its kind', async (t) => {
    const file = temporaryFolder(t)('audit.log');
    writeFileSync(file, `${lineOf('id-0')}${lineOf('id-12')}\n${lineOf('id-1')}`);
    appendFileSync(file, `{"auditID":"id-1","cut of\nnot JSON at all\n[1]\n`);
    const { event, unreadable } = await findEvent(file, 'id-1');
    assert.equal(event?.['auditID'], 'id-1');
    assert.equal(event?.['decision'], 'deny');
    assert.equal(unreadable, 2);
  });

  it('is found among very many', async (t) => {
    const file = temporaryFolder(t)('audit.log');
    const lines = Array.from({ length: 20_000 }, (_, index) => lineOf(`other-${index}`));
    writeFileSync(file, `${lines.join('')}${lineOf('wanted')}${lines.join('')}`);
    assert.equal((await findEvent(file, 'wanted')).event?.['auditID'], 'wanted');
  });

  it('is not found when only a part of it is its ID, or another field', async (t) => {
    const file = temporaryFolder(t)('audit.log');
    writeFileSync(file, lineOf('id-123').replace('request-1', 'id-1'));
    assert.deepEqual(await findEvent(file, 'id-1'), { unreadable: 0 });
  });

  it('is not found in a file that is not there', async () => {
    await assert.rejects(findEvent('/none/audit.log', 'x'), /ENOENT/);
  });
});

describe('a decision of the past', () => {
  it('that allowed is told with both identities', () => {
    const past = readPast(allowedEvent);
    assert.ok(past);
    const text = describePast(past, false);
    assert.match(text, /^allowed: the request went on to the API server$/m);
    assert.match(text, /asks to +get pods\/log web in namespace team/);
    assert.match(text, /by the token +alice\n +groups +dev\n +ops/);
    assert.match(text, /for the API server +bob/);
    assert.match(text, /RBAC: its own audit log has the line with the auditID id-1/);
  });

  for (const [reason, status, next] of [
    ['token_expired', 401, /explain with such a token shows the step/],
    ['impersonation_denied', 403, /the same --as/],
    ['review_unavailable', 503, /the server's log has the cause under the auditID id-1/],
  ] as const) {
    it(`that refused for ${reason} is told with what helps`, () => {
      const inbound = reason === 'token_expired' ? undefined : alice;
      const past = readPast({ ...deniedEvent(reason, 'id-1'), inbound });
      assert.ok(past);
      assert.deepEqual([past.decision, past.reason, past.status], ['deny', reason, status]);
      const text = describePast(past, false);
      assert.ok(text.startsWith(`denied: ${reason} (${status}): ${past.happened}\n`), text);
      assert.ok(text.includes(`what helps\n  - ${past.helps}`));
      assert.match(text, next);
    });
  }

  it('of another version is told as far as it is understood', () => {
    const past = readPast({ auditID: 'x', decision: 'deny', reason: 'new_reason' });
    assert.match(past?.happened ?? '', /none that this version knows/);
    assert.equal(past?.status, 0);
    assert.match(past ? describePast(past, false) : '', /^denied: new_reason: /);
  });

  it('is none without a decision', () => {
    assert.equal(readPast({ auditID: 'x' }), undefined);
    assert.equal(readPast({ decision: 'allow' }), undefined);
  });
});

function deniedEvent(reason: DenyReason, auditID: string): PastEvent {
  return { ...allowedEvent, decision: 'deny', reason, auditID, actAs: '', outbound: undefined };
}

function lineOf(auditID: string): string {
  return `${JSON.stringify(deniedEvent('token_expired', auditID))}\n`;
}
