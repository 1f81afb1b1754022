/**
 * Every reason a request can be refused for, with the HTTP status it gets. The same word stands in
 * the response header `x-kube-ext-authz-reason`, the audit event and the metric's label.
 */
export const denyReasons = {
  check_malformed: 503,
  request_malformed: 400,
  connection_header: 400,
  token_missing: 401,
  authorization_ambiguous: 401,
  token_malformed: 401,
  token_too_large: 401,
  issuer_unknown: 401,
  token_algorithm: 401,
  token_key_unknown: 401,
  token_signature: 401,
  token_audience: 401,
  token_expired: 401,
  token_not_yet_valid: 401,
  token_claim: 401,
  token_rejected: 401,
  token_rule: 401,
  token_lifetime: 401,
  reserved_name: 403,
  name_not_carriable: 403,
  account_not_allowed: 403,
  impersonation_malformed: 400,
  impersonation_too_large: 431,
  impersonation_denied: 403,
  issuer_unavailable: 503,
  credential_unavailable: 503,
  review_unavailable: 503,
  deadline_exceeded: 503,
  audit_unavailable: 503,
  internal_error: 503,
} as const;

export type DenyReason = keyof typeof denyReasons;

export type DenyStatus = (typeof denyReasons)[DenyReason];

/** metav1.StatusReason for each status (apimachinery, pkg/apis/meta/v1/types.go). */
export const statusReasons: Readonly<Record<DenyStatus, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  // Kubernetes has no word of its own for 431.
  431: 'RequestEntityTooLarge',
  503: 'ServiceUnavailable',
};
