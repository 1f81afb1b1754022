// What each reason means and what helps, in the words of docs/denials.md; a test holds the two against each other.
import type { DenyReason } from '../denial/reasons.ts';

export interface ReasonText {
  readonly happened: string;
  readonly helps: string;
}

export const reasonTexts: Readonly<Record<DenyReason, ReasonText>> = {
  check_malformed: {
    happened: "Envoy's question is not a CheckRequest about an HTTP request",
    helps: 'point an HTTP ext_authz filter (API v3) at the server',
  },
  request_malformed: {
    happened: 'a header that decides something is not UTF-8, or repeated',
    helps: 'send it once, as text',
  },
  connection_header: {
    happened: 'Connection names other headers on an upgrade',
    helps: 'a client or proxy in front adds them: let it send upgrade, keep-alive or close',
  },
  token_missing: {
    happened: 'there is no bearer token',
    helps: 'Authorization: Bearer <token>',
  },
  authorization_ambiguous: {
    happened: 'there are several credentials',
    helps: 'send one',
  },
  token_malformed: {
    happened: 'the token is not a signed JWT in compact form',
    helps: 'use a token of a configured issuer',
  },
  token_too_large: {
    happened: 'the token has more than 64 KiB',
    helps: 'have the issuer put less into it',
  },
  issuer_unknown: {
    happened: 'iss is no configured issuer',
    helps: 'the URL must be equal, to the last slash',
  },
  token_algorithm: {
    happened: "the signature's algorithm is not accepted",
    helps: 'RS, PS or ES with 256, 384 or 512 bits (by --oidc-* flags: RS256 unless they say more)',
  },
  token_key_unknown: {
    happened: "the token's kid is not among the issuer's keys",
    helps: 'get a new token; if it is new, see whether the issuer publishes its new key',
  },
  token_signature: {
    happened: 'no key of the issuer verifies the signature',
    helps: 'get a new token',
  },
  token_audience: {
    happened: 'aud has none of the configured audiences',
    helps: 'ask the issuer for the right audience',
  },
  token_expired: {
    happened: 'exp has passed',
    helps: 'get a new token',
  },
  token_not_yet_valid: {
    happened: 'nbf is more than a minute ahead',
    helps: 'check the clocks',
  },
  token_claim: {
    happened: 'a claim that is mapped or required is missing or of the wrong type',
    helps: 'compare the token with claimMappings',
  },
  token_rejected: {
    happened:
      'the API server, asked by TokenReview, does not accept the token, or not for an accepted audience',
    helps: 'get a new token',
  },
  token_rule: {
    happened: 'a validation rule of the issuer is false',
    helps: "the message has the rule's own sentence",
  },
  token_lifetime: {
    happened: 'exp − iat exceeds maxTokenLifetime, or iat is in the future',
    helps: 'ask for a shorter token; check the clocks',
  },
  reserved_name: {
    happened:
      'a user or group of the token begins with system:, or an extra is one that only the proxy may set',
    helps: 'set a prefix, or allowReservedNames for an issuer that is a cluster',
  },
  name_not_carriable: {
    happened: 'a name begins or ends with white space, is empty, or has control characters',
    helps: 'change it at the issuer: a header would carry another name',
  },
  account_not_allowed: {
    happened: "the issuer's expression gives a service account that is not in its list",
    helps: 'compare the token with serviceAccount.allowed',
  },
  impersonation_malformed: {
    happened:
      "the request asks for groups, a uid or extras without a user, or by a header that Kubernetes doesn't know; or Envoy has joined header lines",
    helps: 'the message names the header',
  },
  impersonation_too_large: {
    happened: 'the request asks for more values than impersonation.maxHeaderValues',
    helps: 'leave out groups or extras',
  },
  impersonation_denied: {
    happened: 'the requester may not be who they ask to be (kubectl --as)',
    helps: "the message is kube-apiserver's: grant what it names, or don't ask",
  },
  issuer_unavailable: {
    happened: "the issuer's keys can't be had",
    helps: '/readyz and the log say why',
  },
  credential_unavailable: {
    happened: 'the proxy has no valid token of its own',
    helps: 'the message names the file, or the service account and what is missing',
  },
  review_unavailable: {
    happened:
      "the API server can't be asked about the token or the impersonation, or its answer makes no sense",
    helps: 'the message names a missing permission; the log has the rest',
  },
  deadline_exceeded: {
    happened: 'the token or the impersonation could not be checked in time',
    helps: 'the issuer or the API server is slow',
  },
  audit_unavailable: {
    happened:
      'the line of the check could not be put into an audit log that may lose none (onFull: block)',
    helps: 'the log and /readyz name the sink: free the disk, or have its reader read',
  },
  internal_error: {
    happened: 'a fault of the server',
    helps: 'its log has it under the auditID',
  },
};
