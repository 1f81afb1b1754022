// The format `audit.k8s.io`: an audit.k8s.io/v1 Event (k8s.io/apiserver pkg/apis/audit/v1/types.go at
// v0.36.3) of the check, as kube-apiserver would write one of the request.
import { isIP } from 'node:net';
import type { Deny } from '../decision/decision.ts';
import { denyReasons, statusReasons } from '../denial/reasons.ts';
import type { Identity } from '../identity/identity.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';
import type { AuditEntry, AuditEvent } from './event.ts';
import { escapeActing, withoutTokens } from './safe-text.ts';

/** One line: level Metadata, stage ResponseComplete; the fields in kube-apiserver's order. */
export function toKubernetesLine({ event, record, apiVersion, impersonates }: AuditEntry): string {
  const { auditID, uri, verb, source, inbound, outbound } = event;
  const { decision, startedAt, durationMs } = record;
  const asked = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID,
    stage: 'ResponseComplete',
    requestURI: uri,
    verb,
  };
  const user = inbound === undefined ? '{}' : userText(inbound);
  const target = impersonates && outbound ? `,"impersonatedUser":${userText(outbound)}` : '';
  const told = {
    sourceIPs: sourceIPs(source),
    objectRef: event.resource === '' ? undefined : toObjectRef(event, apiVersion),
    // What the API server will answer to an allowed request isn't known yet.
    responseStatus: decision.kind === 'deny' ? toStatus(decision) : undefined,
    requestReceivedTimestamp: microTime(startedAt.getTime() * 1000),
    stageTimestamp: microTime(startedAt.getTime() * 1000 + Math.round(durationMs * 1000)),
    annotations: toAnnotations(event),
  };
  return `{${fieldsText(asked)},"user":${user}${target},${fieldsText(told)}}\n`;
}

/** As JSON, without the braces. */
function fieldsText(fields: object): string {
  return escapeActing(JSON.stringify(fields).slice(1, -1));
}

/** authentication.k8s.io/v1 UserInfo, which leaves out what is empty; Go sorts the keys of a map. */
const userText = rememberByObject(({ username, uid, groups, extra }: Identity) => {
  const info = {
    username: orNone(username),
    uid: orNone(uid),
    groups: groups.length === 0 ? undefined : groups,
    extra: Object.keys(extra).length === 0 ? undefined : sorted(extra),
  };
  return escapeActing(JSON.stringify(info));
});

function sorted(extra: Identity['extra']): Identity['extra'] {
  return Object.fromEntries(Object.entries(extra).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * As kube-apiserver orders them: the addresses of `X-Forwarded-For`, then the peer unless it is the
 * last of them (apimachinery pkg/util/net/http.go, SourceIPs). All but the last are the client's word.
 */
function sourceIPs({ peer, forwardedFor }: AuditEvent['source']): readonly string[] | undefined {
  const addresses = forwardedFor.split(',').map((address) => address.trim());
  const known = addresses.filter((address) => isIP(address) !== 0);
  const all = isIP(peer) === 0 || known.at(-1) === peer ? known : [...known, peer];
  return all.length === 0 ? undefined : all;
}

function toObjectRef(event: AuditEvent, apiVersion: string): object {
  const { namespace, name, apiGroup } = event;
  const [resource, subresource] = event.resource.split('/');
  return {
    resource,
    namespace: orNone(namespace),
    name: orNone(name),
    apiGroup: orNone(apiGroup),
    apiVersion: orNone(apiVersion),
    subresource,
  };
}

function toStatus({ reason, message, details }: Deny): object {
  const code = denyReasons[reason];
  return {
    metadata: {},
    status: 'Failure',
    message: withoutTokens(message),
    reason: statusReasons[code],
    details,
    code,
  };
}

/** What the Event has no field for; in order, as Go writes a map. */
function toAnnotations({
  decision,
  reason,
  issuer,
  actAs,
  requestID,
  outbound,
}: AuditEvent): object {
  return {
    'kube-ext-authz.dev/account': actAs === 'serviceAccount' ? outbound?.username : undefined,
    'kube-ext-authz.dev/actAs': orNone(actAs),
    'kube-ext-authz.dev/decision': decision,
    'kube-ext-authz.dev/issuer': orNone(issuer),
    'kube-ext-authz.dev/reason': orNone(reason),
    'kube-ext-authz.dev/requestID': orNone(requestID),
  };
}

function orNone(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** metav1.MicroTime of microseconds since 1970. */
function microTime(microseconds: number): string {
  const [milliseconds, rest] = [Math.floor(microseconds / 1000), microseconds % 1000];
  const text = new Date(milliseconds).toISOString();
  return text.replace('Z', `${String(rest).padStart(3, '0')}Z`);
}
