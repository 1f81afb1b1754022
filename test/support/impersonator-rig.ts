/** An impersonator over a reviewer that a test gives, and one request to ask it about. */
import type { Identity } from '../../src/identity/identity.ts';
import {
  createImpersonator,
  type Impersonator,
  type Limits,
} from '../../src/impersonation/impersonator.ts';
import type { AccessReviewer } from '../../src/kube/access-review.ts';
import type { KubeRequest } from '../../src/request/request.ts';
import { alice } from './impersonation-modes.ts';
import { kubeRequest } from './kube-request.ts';

export const nobody: Identity = { username: '', uid: '', groups: [], extra: {} };
export const logPath = '/api/v1/namespaces/team/pods/web/log';
const logs = kubeRequest({}, logPath);

export function impersonatorOver(
  reviewer: AccessReviewer,
  { constrained = true, now = Date.now }: { constrained?: boolean; now?: () => number } = {},
): Impersonator {
  const originalUserExtra = 'original.example';
  return createImpersonator({
    reviewer,
    constrained,
    allowCacheTtlMs: 10_000,
    originalUserExtra,
    now,
  });
}

export function become(
  impersonator: Impersonator,
  requested: Partial<Identity>,
  requester: Identity = alice,
  limits: Limits = soon(),
  request: KubeRequest = logs,
): Identity | Promise<Identity> {
  return impersonator.impersonate(requester, { ...nobody, ...requested }, request, limits);
}

export function soon(): Limits {
  return { deadline: Date.now() + 10_000, signal: new AbortController().signal };
}
