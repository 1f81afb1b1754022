// What a denial says, in the form that kubectl shows: metav1.Status, or plain text where it doesn't
// decode one.
import type { Deny } from '../decision/decision.ts';
import { denyReasons, statusReasons, type DenyStatus } from '../denial/reasons.ts';

export interface HttpDenial {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

// kubectl asks for these before anything else, and of a Status there it says "unknown":
// client-go rest/request.go (newUnstructuredResponseError) at v0.36.3.
const discoveryPaths: readonly string[] = ['/api', '/apis', '/version'];

/** The HTTP answer of a denial; `path` is the request's, query included. */
export function toHttpDenial(
  { reason, message, details, auditID }: Deny,
  path: string,
): HttpDenial {
  const status = denyReasons[reason];
  const asText = discoveryPaths.includes(path.replace(/\/?(\?.*)?$/s, ''));
  const headers: (readonly [string, string])[] = [
    ['content-type', asText ? 'text/plain; charset=utf-8' : 'application/json'],
    ['cache-control', 'no-store'],
    ['x-content-type-options', 'nosniff'],
    ['x-kube-ext-authz-reason', reason],
    ['audit-id', auditID],
  ];
  if (status === 401) headers.push(['www-authenticate', 'Bearer']);
  // Of these paths kubectl shows the text of a 403 alone; a warning it prints beside its own sentence.
  if (asText && status !== 403) headers.push(['warning', toWarning(message)]);
  const body = asText ? message : JSON.stringify(toStatus(message, status, details));
  return { status, headers, body };
}

function toStatus(message: string, code: DenyStatus, details: Deny['details']): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason: statusReasons[code],
    details,
    code,
  };
}

/** RFC 7234 §5.5, as apimachinery's net.ParseWarningHeaders reads it. */
function toWarning(message: string): string {
  const quoted = message.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&');
  return `299 - "${quoted}"`;
}
