import type { CheckRecord } from '../decision/decision.ts';
import type { DenyReason } from '../denial/reasons.ts';
import type { Identity } from '../identity/identity.ts';
import { readRequestInfo } from '../request/request-info.ts';
import { withoutTokens } from './safe-text.ts';

/** Of the fields below: it changes when one of them is taken away or means something else. */
export const schemaVersion = 1;

/** One check, as a SIEM reads it: docs/audit.md has every field, docs/audit-event.schema.json its form. */
export interface AuditEvent {
  /** RFC 3339, when the check began. */
  readonly time: string;
  readonly msg: 'check';
  readonly schemaVersion: typeof schemaVersion;
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

/** What each format makes its line of. */
export interface AuditEntry {
  readonly event: AuditEvent;
  readonly record: CheckRecord;
  /** Of the resource; empty when the path is not a resource's. */
  readonly apiVersion: string;
  /** Somebody else than the token's user was asked for (`kubectl --as`), and granted. */
  readonly impersonates: boolean;
}

/** All that is told of one check; nothing in `event` holds a token. */
export function toAuditEntry(record: CheckRecord): AuditEntry {
  const { apiVersion, ...asked } = toAsked(record);
  return { event: toEvent(record, asked), record, apiVersion, impersonates: impersonates(record) };
}

function toEvent(record: CheckRecord, asked: Asked): AuditEvent {
  const { request, decision, issuer, actAs, inbound } = record;
  const { verb, resource, apiGroup, namespace, name } = asked;
  return {
    time: record.startedAt.toISOString(),
    msg: 'check',
    schemaVersion,
    auditID: decision.auditID,
    requestID: withoutTokens(request.requestID),
    decision: decision.kind,
    reason: decision.kind === 'deny' ? decision.reason : '',
    method: request.method,
    uri: withoutTokens(request.path),
    verb,
    resource,
    apiGroup,
    namespace,
    name,
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

function impersonates({ request, decision }: CheckRecord): boolean {
  const { impersonation } = request.headers;
  const asked = impersonation.find(({ name }) => name === 'impersonate-user');
  return decision.kind === 'allow' && asked !== undefined && asked.value !== '';
}

type Asked = Pick<AuditEvent, 'verb' | 'resource' | 'apiGroup' | 'namespace' | 'name'>;

/** What the path names is decoded, so a token that was escaped there shows only now. */
function toAsked({ request }: CheckRecord): Asked & Pick<AuditEntry, 'apiVersion'> {
  const { method, path } = request;
  const info = readRequestInfo(method, path);
  if (info === undefined) {
    const nothing = { resource: '', apiGroup: '', apiVersion: '', namespace: '', name: '' };
    return { verb: method.toLowerCase(), ...nothing };
  }
  const { verb, resource, subresource, apiGroup, apiVersion, namespace, name } = info;
  return {
    verb,
    resource: withoutTokens(subresource === '' ? resource : `${resource}/${subresource}`),
    apiGroup: withoutTokens(apiGroup),
    apiVersion: withoutTokens(apiVersion),
    namespace: withoutTokens(namespace),
    name: withoutTokens(name),
  };
}
