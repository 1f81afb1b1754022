// A decision of the past in words: what was decided, why, and where to look next.
import { printable } from '../cli/printable.ts';
import { denyReasons, type DenyReason } from '../denial/reasons.ts';
import type { PastEvent } from './audit-line.ts';
import { createPaint, rowLines } from './layout.ts';
import { reasonTexts } from './reason-texts.ts';
import type { Row } from './trace.ts';

/** The form of `explain --audit-id … -o json`, which docs/explain.md documents. */
export interface PastDecision {
  readonly apiVersion: 'kube-ext-authz.dev/v1alpha1';
  readonly kind: 'PastDecision';
  readonly auditID: string;
  readonly decision: 'allow' | 'deny';
  readonly reason: string;
  /** HTTP status of a denial, else 0. */
  readonly status: number;
  readonly happened: string;
  readonly helps: string;
  readonly next: readonly string[];
  /** The audit line as it is. */
  readonly event: PastEvent;
}

/** Undefined when the line is not one of a check. */
export function readPast(event: PastEvent): PastDecision | undefined {
  const { auditID, decision, reason } = event;
  if (typeof auditID !== 'string' || (decision !== 'allow' && decision !== 'deny'))
    return undefined;
  const word = typeof reason === 'string' ? reason : '';
  const known = isReason(word) ? word : undefined;
  const texts = known ? reasonTexts[known] : undefined;
  return {
    apiVersion: 'kube-ext-authz.dev/v1alpha1',
    kind: 'PastDecision',
    auditID,
    decision,
    reason: word,
    status: known ? denyReasons[known] : 0,
    happened:
      texts?.happened ??
      (decision === 'allow'
        ? 'the request went on to the API server'
        : 'the reason is none that this version knows'),
    helps: texts?.helps ?? '',
    next: nextLooks(event, known),
    event,
  };
}

function isReason(word: string): word is DenyReason {
  return Object.hasOwn(denyReasons, word);
}

function nextLooks(
  { auditID, inbound }: PastEvent,
  reason: DenyReason | undefined,
): readonly string[] {
  const id = String(auditID);
  if (!reason) {
    return [
      `the API server decided then, by RBAC: its own audit log has the line with the auditID ${id}`,
      'kubectl auth can-i, through the proxy and as the same user, asks it again',
    ];
  }
  if (denyReasons[reason] === 503) {
    return [
      `the server's log has the cause under the auditID ${id} (log.level: debug)`,
      '/readyz says whether it lasts',
    ];
  }
  if (inbound !== undefined) {
    return [
      'kube-ext-authz explain with such a token and the same --as shows each question and its answer',
    ];
  }
  return ['kube-ext-authz explain with such a token shows the step that refuses it'];
}

/** The same for people. */
export function describePast(past: PastDecision, hasColours: boolean): string {
  const paint = createPaint(hasColours);
  const { event, decision, reason, status, happened, helps, next } = past;
  const word = decision === 'allow' ? paint('allowed', 'good') : paint('denied', 'bad');
  const why = decision === 'allow' ? '' : `: ${reason}${status === 0 ? '' : ` (${status})`}`;
  return [
    `${word}${printable(why)}: ${printable(happened)}`,
    '',
    paint('request', 'strong'),
    ...rowLines(requestRows(event), paint),
    '',
    paint('who', 'strong'),
    ...rowLines(whoRows(event), paint),
    ...(helps === '' ? [] : ['', paint('what helps', 'strong'), `  - ${printable(helps)}`]),
    '',
    paint('where to look next', 'strong'),
    ...next.map((one) => `  - ${printable(one)}`),
    '',
  ].join('\n');
}

function requestRows(event: PastEvent): readonly Row[] {
  const {
    time,
    method,
    uri,
    verb,
    resource,
    apiGroup,
    namespace,
    name,
    source,
    requestID,
    durationMs,
  } = event;
  const asked = [
    verb,
    resource,
    apiGroup && `of ${text(apiGroup)}`,
    name,
    namespace && `in namespace ${text(namespace)}`,
  ];
  return [
    { name: 'time', value: text(time) },
    { name: 'request', value: `${text(method)} ${text(uri)}` },
    {
      name: 'asks to',
      value: asked
        .map(text)
        .filter((one) => one !== '')
        .join(' '),
    },
    { name: 'from', value: text(member(source, 'peer')) },
    { name: 'request ID', value: text(requestID) },
    { name: 'took', value: `${text(durationMs)} ms` },
  ];
}

function whoRows({ issuer, actAs, inbound, outbound }: PastEvent): readonly Row[] {
  return [
    { name: 'issuer', value: text(issuer) || 'nobody vouched for the token' },
    ...identityRows('by the token', inbound),
    ...identityRows('for the API server', outbound),
    ...(text(actAs) === '' ? [] : [{ name: 'went up by', value: text(actAs) }]),
  ];
}

function identityRows(what: string, identity: unknown): readonly Row[] {
  if (identity === undefined) return [];
  const groups = member(identity, 'groups');
  return [
    { name: what, value: text(member(identity, 'username')) },
    ...(Array.isArray(groups) ? [{ name: '  groups', value: groups.map(text) }] : []),
  ];
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function text(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
