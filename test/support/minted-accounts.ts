/** Accounts whose tokens are minted, and what kube-apiserver answers to a TokenRequest. */
import { deepFreeze } from '../../src/lib/deep-freeze.ts';
import type { TokenAccount } from '../../src/kube/token-account.ts';

export const robot: TokenAccount = deepFreeze({
  namespace: 'robots',
  name: 'robot',
  audiences: ['https://kubernetes.default.svc'],
  expirationSeconds: 600,
});

/** 1 800 000 000 s. */
export const epoch = '2027-01-15T08:00:00Z';
export const epochMs = Date.parse(epoch);

/** What no message, cause or log may hold. */
export const secret = `eyJhbGciOiJSUzI1NiJ9.${'c2VjcmV0'.repeat(20)}.c2lnbmF0dXJl`;

/** Minted at the epoch for 600 s, unless the fields say otherwise. */
export function tokenAnswer(
  status: unknown = {},
  fields: Readonly<Record<string, unknown>> = {},
): object {
  const good = { token: secret, expirationTimestamp: '2027-01-15T08:10:00Z' };
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: 'robot', namespace: 'robots', creationTimestamp: epoch },
    spec: { audiences: ['https://kubernetes.default.svc'], expirationSeconds: 600 },
    status:
      typeof status === 'object' && status && !Array.isArray(status)
        ? { ...good, ...status }
        : status,
    ...fields,
  };
}

/** A metav1.Status that says no. */
export function refusal(code: number, message: string, kind = 'serviceaccounts'): object {
  const details = { name: 'robot', kind };
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message, details };
}
