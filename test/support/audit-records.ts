/** Finished checks, as the audit log is told of them, and the hostile texts that may be in them. */
import { toAuditEntry } from '../../src/audit/event.ts';
import { auditFormats, type AuditFormat } from '../../src/audit/formats.ts';
import type { Allow, CheckRecord } from '../../src/decision/decision.ts';
import type { KubeRequest } from '../../src/request/request.ts';
import { identity } from './deciders.ts';
import { kubeRequest } from './kube-request.ts';
import { createEcKey, signToken } from './signed-token.ts';

export const formats = Object.keys(auditFormats).filter(isFormat);

/** The line of a check in a format. */
export function lineOf(format: AuditFormat, record: CheckRecord): string {
  return auditFormats[format](toAuditEntry(record));
}

export const outbound = { ...identity, groups: ['dev', 'system:authenticated'] };

export const allow: Allow = {
  kind: 'allow',
  auditID: 'audit-1',
  issuer: 'people',
  actAs: 'impersonate',
  outbound,
  token: 'own-token-of-the-proxy',
  isUpgrade: false,
  remove: [],
};

export const allowed: CheckRecord = {
  request: kubeRequest({}, '/api/v1/namespaces/default/pods/p/log?follow=true'),
  decision: allow,
  issuer: 'people',
  actAs: 'impersonate',
  inbound: identity,
  startedAt: new Date('2026-11-25T03:04:05.678Z'),
  durationMs: 1.23456,
};

export const denied: CheckRecord = {
  request: kubeRequest(),
  decision: { kind: 'deny', auditID: 'audit-2', reason: 'token_expired', message: 'a sentence' },
  issuer: '',
  actAs: '',
  startedAt: new Date(0),
  durationMs: 0,
  cause: new Error('for the log alone'),
};

/** `kubectl --as`, granted. */
export const impersonating: CheckRecord = {
  ...allowed,
  request: kubeRequest({ impersonation: [{ name: 'impersonate-user', value: 'bob' }] }),
  decision: {
    ...allow,
    outbound: {
      username: 'bob',
      uid: '7',
      groups: ['ops', 'system:authenticated'],
      extra: { 'originaluser.jetstack.io-user': ['alice'] },
    },
  },
};

/** A record in which every text that others choose is this one. */
export function recordWith(text: string): CheckRecord {
  const who = { username: text, uid: text, groups: [text, text], extra: { [text]: [text, text] } };
  const impersonation = [{ name: 'impersonate-user', value: text }];
  const request: KubeRequest = {
    ...kubeRequest({ impersonation }, `/${text}`),
    method: text,
    requestID: text,
    source: { peer: text, forwardedFor: text },
  };
  return {
    ...allowed,
    request,
    decision: { ...allow, issuer: text, outbound: who },
    issuer: text,
    inbound: who,
  };
}

/** Characters that end a line, move a cursor, colour a terminal or turn the text around. */
export const acting: readonly (readonly [what: string, character: string])[] = [
  ['a line feed', '\n'],
  ['a carriage return', '\r'],
  ['a tab', '\t'],
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

export const token = signToken(createEcKey('k'), { sub: 'alice' });
const encoded = token.replaceAll('.', '%2E');

/** Where somebody may put a token that is none of its places. */
export const places: readonly (readonly [what: string, request: Partial<KubeRequest>])[] = [
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
  ['an API version', { path: `/apis/apps/${token}/pods` }],
  ['a field selector', { path: `/api/v1/pods?fieldSelector=metadata.name=${token}` }],
  ['X-Request-ID', { requestID: token }],
  ['X-Forwarded-For', { source: { peer: '192.0.2.7', forwardedFor: `203.0.113.9, ${token}` } }],
];

function isFormat(word: string): word is AuditFormat {
  return Object.hasOwn(auditFormats, word);
}
