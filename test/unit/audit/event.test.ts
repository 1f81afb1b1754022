/** The audit event: every field by its contract, and never a token. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toAuditEntry, type AuditEvent } from '../../../src/audit/event.ts';
import type { CheckRecord } from '../../../src/decision/decision.ts';
import {
  allow,
  allowed,
  denied,
  impersonating,
  outbound,
  places,
  token,
} from '../../support/audit-records.ts';
import { identity } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';

describe('the audit event', () => {
  it('of an allowed check has every field of its contract', () => {
    assert.deepEqual(eventOf(allowed), {
      time: '2026-11-25T03:04:05.678Z',
      msg: 'check',
      schemaVersion: 1,
      auditID: 'audit-1',
      requestID: 'request-1',
      decision: 'allow',
      reason: '',
      method: 'GET',
      uri: '/api/v1/namespaces/default/pods/p/log?follow=true',
      verb: 'get',
      resource: 'pods/log',
      apiGroup: '',
      namespace: 'default',
      name: 'p',
      source: { peer: '192.0.2.7', forwardedFor: '203.0.113.9' },
      issuer: 'people',
      actAs: 'impersonate',
      inbound: identity,
      outbound,
      durationMs: 1.235,
    });
  });

  it('of a request that the API server can not read has its method alone', () => {
    for (const path of ['/api/v1/pods/%zz', '/api/v1/watch', '']) {
      const request = { ...kubeRequest({}, path), method: 'DELETE' };
      const event = eventOf({ ...denied, request });
      assert.deepEqual(
        [event.verb, event.resource, event.apiGroup, event.namespace, event.name],
        ['delete', '', '', '', ''],
      );
      assert.equal(event.uri, path);
    }
  });

  it('of a denied check has its reason and nobody who went on', () => {
    const { decision, reason, inbound, outbound: out, auditID } = eventOf(denied);
    assert.deepEqual(
      [decision, reason, inbound, out],
      ['deny', 'token_expired', undefined, undefined],
    );
    assert.equal(auditID, 'audit-2');
  });

  it('of somebody who was proven and then denied says who', () => {
    const event = eventOf({ ...denied, issuer: 'people', inbound: identity });
    assert.deepEqual(
      [event.issuer, event.inbound, event.outbound],
      ['people', identity, undefined],
    );
  });

  it('knows who was asked for and granted from who just came', () => {
    const asked = kubeRequest({ impersonation: [{ name: 'impersonate-user', value: 'bob' }] });
    const empty = kubeRequest({ impersonation: [{ name: 'impersonate-user', value: '' }] });
    const rows: readonly (readonly [CheckRecord, boolean])[] = [
      [impersonating, true],
      [{ ...allowed, decision: allow, request: asked }, true],
      [allowed, false],
      [{ ...allowed, request: empty }, false],
      [{ ...denied, request: asked }, false],
    ];
    for (const [record, expected] of rows) {
      assert.equal(toAuditEntry(record).impersonates, expected);
    }
  });

  for (const [what, request] of places) {
    it(`holds no token that stands in ${what}`, () => {
      const entry = toAuditEntry({ ...denied, request: { ...kubeRequest(), ...request } });
      const text = JSON.stringify([entry.event, entry.apiVersion]);
      const [head = '', body = '', signature = ''] = token.split('.');
      for (const part of [head, body, signature, body.toLowerCase()])
        assert.ok(!text.includes(part), text);
      assert.match(text, /\[token\]/);
    });
  }

  it('keeps what only resembles a token', () => {
    for (const path of [
      '/apis/metrics.k8s.io/v1beta1/nodes',
      '/a.b.c',
      '/eyJ',
      '/x?a=eyJ.b',
      '/1.2.3.4',
    ]) {
      assert.equal(eventOf({ ...denied, request: kubeRequest({}, path) }).uri, path);
    }
  });

  it('is made in a moment of the longest hostile path: a look for tokens must not take quadratic time', () => {
    // Each took more than a minute when it was tried at every "eyJ".
    for (const piece of ['eyJ', 'eyJ.', 'eyJ-', 'eyJ%2e']) {
      const path = `/${piece.repeat(600_000 / piece.length)}`;
      const begun = process.cpuUsage();
      eventOf({ ...denied, request: kubeRequest({}, path) });
      assert.ok(process.cpuUsage(begun).user < 20_000_000, piece);
    }
  });
});

function eventOf(record: CheckRecord): AuditEvent {
  return toAuditEntry(record).event;
}
