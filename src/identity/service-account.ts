// Who the API server takes the bearer of a service account's token for.
import { deepFreeze } from '../lib/deep-freeze.ts';
import { rememberByObject } from '../lib/remember-by-object.ts';
import type { Identity } from './identity.ts';

export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

/** The groups that every service account of a namespace is in (apiserver, pkg/authentication/serviceaccount/util.go). */
export function serviceAccountGroups(namespace: string): readonly string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** A service account by its name. */
export const accountIdentity = rememberByObject(
  ({ namespace, name }: ServiceAccountName): Identity =>
    deepFreeze({
      username: `system:serviceaccount:${namespace}:${name}`,
      uid: '',
      groups: [...serviceAccountGroups(namespace), 'system:authenticated'],
      extra: {},
    }),
);

/** Of a token of our own, which nobody has to verify: whom it names. One that doesn't tell is nobody's. */
export function bearerIdentity(token: string): Identity {
  const [, payload = ''] = token.split('.');
  const [, namespace, name] =
    /^system:serviceaccount:([^:]+):([^:]+)$/.exec(subjectOf(payload)) ?? [];
  if (namespace !== undefined && name !== undefined) return accountIdentity({ namespace, name });
  return { username: subjectOf(payload), uid: '', groups: [], extra: {} };
}

function subjectOf(payload: string): string {
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (typeof claims !== 'object' || claims === null || !('sub' in claims)) return '';
    return typeof claims.sub === 'string' ? claims.sub : '';
  } catch {
    return ''; // not a JWT
  }
}
