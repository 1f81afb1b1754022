import type { CheckRecord } from '../decision/decision.ts';
import type { DenyReason } from '../denial/reasons.ts';
import type { Identity } from '../identity/identity.ts';
import { readRequestInfo } from '../request/request-info.ts';
import type { KubeRequest } from '../request/request.ts';

/** One check, as a SIEM reads it: one JSON line, never a token. */
export interface AuditEvent {
  /** RFC 3339, when the check began. */
  readonly time: string;
  readonly msg: 'check';
  /** Also in the API server's own audit log. */
  readonly auditID: string;
  readonly requestID: string;
  readonly decision: 'allow' | 'deny';
  /** Empty when it was allowed. */
  readonly reason: DenyReason | '';
  readonly method: string;
  readonly uri: string;
  readonly verb: string;
  /** With its subresource (`pods/log`); empty when the path is not a resource's. */
  readonly resource: string;
  readonly apiGroup: string;
  readonly namespace: string;
  readonly name: string;
  readonly source: { readonly peer: string; readonly forwardedFor: string };
  readonly issuer: string;
  readonly actAs: string;
  /** Who the token proved. */
  readonly inbound?: Identity | undefined;
  /** Who the request is for the API server. */
  readonly outbound?: Identity | undefined;
  readonly durationMs: number;
}

/** The event of one check. */
export function toAuditEvent(record: CheckRecord): AuditEvent {
  const { request, decision, issuer, actAs, inbound } = record;
  return {
    time: record.startedAt.toISOString(),
    msg: 'check',
    auditID: decision.auditID,
    requestID: withoutTokens(request.requestID),
    decision: decision.kind,
    reason: decision.kind === 'deny' ? decision.reason : '',
    method: request.method,
    uri: withoutTokens(request.path),
    ...toAsked(request),
    source: {
      peer: request.source.peer,
      forwardedFor: withoutTokens(request.source.forwardedFor),
    },
    issuer,
    actAs,
    inbound,
    outbound: decision.kind === 'allow' ? decision.outbound : undefined,
    durationMs: Math.round(record.durationMs * 1000) / 1000,
  };
}

/** One line. What JSON leaves as it is but a terminal or a line reader would act on is escaped. */
export function toAuditLine(event: AuditEvent): string {
  const json = JSON.stringify(event).replaceAll(
    /[\u007f-\u009f\u061c\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${json}\n`;
}

type Asked = Pick<AuditEvent, 'verb' | 'resource' | 'apiGroup' | 'namespace' | 'name'>;

/** What the path names is decoded, so a token that was escaped there shows only now. */
function toAsked({ method, path }: KubeRequest): Asked {
  const info = readRequestInfo(method, path);
  if (info === undefined) {
    return { verb: method.toLowerCase(), resource: '', apiGroup: '', namespace: '', name: '' };
  }
  const { verb, resource, subresource, apiGroup, namespace, name } = info;
  return {
    verb,
    resource: withoutTokens(subresource === '' ? resource : `${resource}/${subresource}`),
    apiGroup: withoutTokens(apiGroup),
    namespace: withoutTokens(namespace),
    name: withoutTokens(name),
  };
}

// Begins at whole words only: tried at every "eyJ" of a long one, it would take quadratic time.
const jwt = /(?<![\w-])(?=[\w-]*eyJ)[\w-]+(?:\.|%2e)[\w-]+(?:\.|%2e)[\w-]*/gi;

/** Somebody may put a token where it doesn't belong; it must not end up in a log for that. */
function withoutTokens(text: string): string {
  return text.includes('eyJ') ? text.replaceAll(jwt, '[token]') : text;
}
