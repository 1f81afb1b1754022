// Why the API server gave no token of a service account, in sentences that say what to do.
import { Denial } from '../denial/denial.ts';
import type { KubeAnswer } from './client.ts';
import { isRecord } from './review-faults.ts';
import type { TokenAccount } from './token-account.ts';

/** Denial `credential_unavailable`: `why` is for the caller, `cause` for the log. */
export function noToken(account: TokenAccount, why: string, cause?: string): Denial {
  return new Denial(
    'credential_unavailable',
    `there is no token of the service account ${accountName(account)}: ${why}`,
    cause === undefined ? {} : { cause: new Error(`TokenRequest: ${cause}`) },
  );
}

/** As people write it; what is no name is not repeated at any length. */
function accountName({ namespace, name }: TokenAccount): string {
  return `${namespace.slice(0, 63)}/${name.slice(0, 253)}`;
}

/** The Denial that an answer which brings no token becomes. */
export function refusedToken({ status, content }: KubeAnswer, account: TokenAccount): Denial {
  const { message, kind } = readStatus(content);
  const cause = `it answered ${status}: ${message || 'no reason'}`;
  return noToken(account, whyRefused(status, message, kind), cause);
}

function whyRefused(status: number, message: string, kind: unknown): string {
  switch (status) {
    case 401:
      return "the API server does not accept this proxy's own credentials";
    case 403:
      return isWithoutPermission(message)
        ? "this proxy's own account lacks the permission to create serviceaccounts/token for it, which is among what `kube-ext-authz rbac` prints"
        : "a rule of the API server's forbids it, which this proxy's log tells";
    case 404:
      return `${missing(kind)} does not exist`;
    case 409:
      return 'the Pod that it would be bound to is not this one any more';
    case 400:
    case 422:
      return "the API server does not take the request for it as it is, and this proxy's log tells why";
    default: {
      const hint = status >= 300 && status < 400 ? ' (redirects are not followed)' : '';
      return `the API server answered ${status}${hint}; try again later`;
    }
  }
}

/** An admission rule refuses with 403, too. The words: apiserver, handlers/responsewriters/errors.go. */
function isWithoutPermission(message: string): boolean {
  return message.includes('cannot create resource "serviceaccounts/token"');
}

function missing(kind: unknown): string {
  if (kind === 'namespaces') return 'its namespace';
  if (kind === 'pods') return 'the Pod that it would be bound to';
  return 'that service account';
}

interface StatusText {
  readonly message: string;
  /** Of what the answer is about: `serviceaccounts`. */
  readonly kind: unknown;
}

/** What a metav1.Status says. */
function readStatus(content: unknown): StatusText {
  if (!isRecord(content) || content['kind'] !== 'Status') return { message: '', kind: undefined };
  const { message, details } = content;
  return {
    message: typeof message === 'string' ? withoutCredentials(message) : '',
    kind: isRecord(details) ? details['kind'] : undefined,
  };
}

const longestText = 300;

/** A text of the API server's for the log; whatever could be a token or a part of one is cut out. */
function withoutCredentials(text: string): string {
  return text
    .slice(0, 4 * longestText)
    .replaceAll(/[\w~+/=-]{64,}|eyJ[\w.=-]*/g, '…')
    .slice(0, longestText);
}
