import type { AuditEntry } from './event.ts';
import { toJsonLine } from './json-line.ts';
import { toKubeOidcProxyLine } from './kube-oidc-proxy-line.ts';
import { toKubernetesLine } from './kubernetes-event.ts';

export type AuditFormat = 'json' | 'kube-oidc-proxy' | 'audit.k8s.io';

/** How each format tells of one check: one line, with its end. */
export const auditFormats: Readonly<Record<AuditFormat, (entry: AuditEntry) => string>> = {
  json: toJsonLine,
  'kube-oidc-proxy': toKubeOidcProxyLine,
  'audit.k8s.io': toKubernetesLine,
};
