// User names that Kubernetes gives a meaning to: apiserver's pkg/authentication/serviceaccount/util.go
// (SplitUsername) and pkg/endpoints/filters/impersonation/mode.go (isNodeUsername) at v0.36.3.
import { isDNSLabel, isDNSSubdomain } from '../lib/domain-prefixed-path.ts';

export interface ServiceAccountName {
  readonly namespace: string;
  readonly name: string;
}

const serviceAccountPrefix = 'system:serviceaccount:';
const nodePrefix = 'system:node:';

/** The service account that a user name means; undefined when it is a plain user's. */
export function serviceAccountOf(username: string): ServiceAccountName | undefined {
  if (!username.startsWith(serviceAccountPrefix)) return undefined;
  const parts = username.slice(serviceAccountPrefix.length).split(':');
  const [namespace = '', name = ''] = parts;
  if (parts.length !== 2 || !isDNSLabel(namespace) || !isDNSSubdomain(name)) return undefined;
  return { namespace, name };
}

/** The node that a user name means; undefined when it is no node's. */
export function nodeOf(username: string): string | undefined {
  if (!username.startsWith(nodePrefix)) return undefined;
  const name = username.slice(nodePrefix.length);
  return isDNSSubdomain(name) ? name : undefined;
}
