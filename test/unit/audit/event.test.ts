/** The audit event: every field by its contract, one line whatever is in it, and never a token. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toAuditEvent, toAuditLine } from '../../../src/audit/event.ts';
import type { Allow, CheckRecord } from '../../../src/decision/decision.ts';
import type { KubeRequest } from '../../../src/request/request.ts';
import { identity } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';
import { createEcKey, signToken } from '../../support/signed-token.ts';

const outbound = { ...identity, groups: ['dev', 'system:authenticated'] };

const allow: Allow = {
  kind: 'allow',
  auditID: 'audit-1',
  issuer: 'people',
  actAs: 'impersonate',
  outbound,
  token: 'own-token-of-the-proxy',
  isUpgrade: false,
  remove: [],
};

const allowed: CheckRecord = {
  request: kubeRequest({}, '/api/v1/namespaces/default/pods/p/log?follow=true'),
  decision: allow,
  issuer: 'people',
  actAs: 'impersonate',
  inbound: identity,
  startedAt: new Date('2026-11-25T03:04:05.678Z'),
  durationMs: 1.23456,
};

const denied: CheckRecord = {
  request: kubeRequest(),
  decision: { kind: 'deny', auditID: 'audit-2', reason: 'token_expired', message: 'a sentence' },
  issuer: '',
  actAs: '',
  startedAt: new Date(0),
  durationMs: 0,
  cause: new Error('for the log alone'),
};

/** Characters that end a line, move a cursor, colour a terminal or turn the text around. */
const acting: readonly (readonly [what: string, character: string])[] = [
  ['a line feed', '\n'],
  ['a carriage return', '\r'],
  ['NUL', '\u0000'],
  ['backspace', '\b'],
  ['escape (ANSI)', '\u001b'],
  ['delete', '\u007f'],
  ['next line', '\u0085'],
  ['the control sequence introducer', '\u009b'],
  ['the line separator', '\u2028'],
  ['the paragraph separator', '\u2029'],
  ['the Arabic letter mark', '\u061c'],
  ['left-to-right mark', '\u200e'],
  ['right-to-left mark', '\u200f'],
  ['left-to-right embedding', '\u202a'],
  ['right-to-left override', '\u202e'],
  ['pop directional formatting', '\u202c'],
  ['left-to-right isolate', '\u2066'],
  ['pop directional isolate', '\u2069'],
  ['half a surrogate pair', '\ud800'],
];

const token = signToken(createEcKey('k'), { sub: 'alice' });
const encoded = token.replaceAll('.', '%2E');

const places: readonly (readonly [what: string, request: Partial<KubeRequest>])[] = [
  ['the query', { path: `/api/v1/pods?token=${token}` }],
  ['the query, twice', { path: `/x?a=${token}&b=${token}` }],
  ['the query, its dots escaped', { path: `/x?token=${encoded}` }],
  [
    'the query, its dots escaped in lower case',
    { path: `/x?token=${encoded.toLowerCase().replace(/^eyj/, 'eyJ')}` },
  ],
  ['the fragment', { path: `/x#${token}` }],
  ['the path', { path: `/${token}` }],
  ['a name', { path: `/api/v1/namespaces/default/pods/${token}` }],
  ['a name, its dots escaped', { path: `/api/v1/namespaces/default/pods/${encoded}` }],
  ['a name behind other words', { path: `/api/v1/nodes/x${token}` }],
  ['a namespace', { path: `/api/v1/namespaces/${token}/pods` }],
  ['a resource', { path: `/api/v1/${token}` }],
  ['a subresource', { path: `/api/v1/nodes/n/${token}` }],
  ['an API group', { path: `/apis/${token}/v1/pods` }],
  ['a field selector', { path: `/api/v1/pods?fieldSelector=metadata.name=${token}` }],
  ['X-Request-ID', { requestID: token }],
  ['X-Forwarded-For', { source: { peer: '192.0.2.7', forwardedFor: `203.0.113.9, ${token}` } }],
];

describe('the audit event', () => {
  it('of an allowed check has every field of its contract', () => {
    assert.deepEqual(toAuditEvent(allowed), {
      time: '2026-11-25T03:04:05.678Z',
      msg: 'check',
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
      const event = toAuditEvent({ ...denied, request });
      assert.deepEqual(
        [event.verb, event.resource, event.apiGroup, event.namespace, event.name],
        ['delete', '', '', '', ''],
      );
      assert.equal(event.uri, path);
    }
  });

  it('of a denied check has its reason and nobody who went on', () => {
    const { decision, reason, inbound, outbound: out, auditID } = toAuditEvent(denied);
    assert.deepEqual(
      [decision, reason, inbound, out],
      ['deny', 'token_expired', undefined, undefined],
    );
    assert.equal(auditID, 'audit-2');
  });

  it('of somebody who was proven and then denied says who', () => {
    const event = toAuditEvent({ ...denied, issuer: 'people', inbound: identity });
    assert.deepEqual(
      [event.issuer, event.inbound, event.outbound],
      ['people', identity, undefined],
    );
  });

  it('holds neither our own token nor a cause', () => {
    for (const record of [allowed, denied]) {
      assert.doesNotMatch(
        toAuditLine(toAuditEvent(record)),
        /own-token|for the log alone|a sentence/,
      );
    }
  });

  for (const [what, request] of places) {
    it(`holds no token that stands in ${what}`, () => {
      const event = toAuditEvent({ ...denied, request: { ...kubeRequest(), ...request } });
      const line = toAuditLine(event);
      const [head = '', body = '', signature = ''] = token.split('.');
      for (const part of [head, body, signature, body.toLowerCase()])
        assert.ok(!line.includes(part), line);
      assert.match(line, /\[token\]/);
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
      assert.equal(toAuditEvent({ ...denied, request: kubeRequest({}, path) }).uri, path);
    }
  });

  it('is made in a moment of the longest hostile path: a look for tokens must not take quadratic time', () => {
    // Each took more than a minute when it was tried at every "eyJ".
    for (const piece of ['eyJ', 'eyJ.', 'eyJ-', 'eyJ%2e']) {
      const path = `/${piece.repeat(600_000 / piece.length)}`;
      const begun = process.cpuUsage();
      toAuditEvent({ ...denied, request: kubeRequest({}, path) });
      assert.ok(process.cpuUsage(begun).user < 20_000_000, piece);
    }
  });
});

describe('the audit line', () => {
  it('is JSON in one line', () => {
    const line = toAuditLine(toAuditEvent(allowed));
    assert.match(line, /^[^\n]+\n$/);
    assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify(toAuditEvent(allowed))));
  });

  for (const [what, character] of acting) {
    it(`escapes ${what} wherever it stands, and loses nothing`, () => {
      const text = `a${character}b`;
      const who = { username: text, uid: text, groups: [text], extra: { [text]: [text] } };
      const request = { ...kubeRequest({}, `/${text}`), method: text, requestID: text };
      const source = { peer: text, forwardedFor: text };
      const event = toAuditEvent({
        ...allowed,
        request: { ...request, source },
        issuer: text,
        inbound: who,
      });
      const line = toAuditLine(event);
      assert.ok(!line.slice(0, -1).includes(character), JSON.stringify(line));
      assert.ok(line.isWellFormed());
      const read = JSON.parse(line);
      assert.deepEqual(read.inbound, who);
      assert.deepEqual([read.method, read.issuer, read.requestID], [text, text, text]);
    });
  }

  it('keeps other letters as they are', () => {
    const who = { ...identity, username: 'größe アリス 😀' };
    assert.match(toAuditLine(toAuditEvent({ ...allowed, inbound: who })), /größe アリス 😀/);
  });

  it('can not be made to look like two', () => {
    const username = 'x"}\n{"msg":"check","decision":"allow"}';
    const line = toAuditLine(toAuditEvent({ ...allowed, inbound: { ...identity, username } }));
    assert.equal(line.split('\n').length, 2);
    assert.equal(JSON.parse(line).inbound.username, username);
  });
});
