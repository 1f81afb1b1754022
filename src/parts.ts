// What is running, and what it tells of itself: to /readyz and to /metrics.
import type { Readiness, ReadinessPart } from './admin/readiness.ts';
import type { AuditLog } from './audit/log.ts';
import type { ClusterAccess } from './kube/cluster-access.ts';
import type { Gauges } from './metrics/gauges.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { MetricsAccess } from './metrics-access.ts';
import type { Reload } from './reload.ts';
import type { TokenSources } from './token-sources.ts';
import type { Authorization } from './transport/authorization.ts';
import type { UpstreamCredentials } from './upstream-credentials.ts';

export interface Parts {
  readonly metrics: Metrics;
  readonly audit: AuditLog;
  readonly access: ClusterAccess;
  readonly upstream: UpstreamCredentials;
  readonly sources: TokenSources;
  readonly authorization: Authorization;
  readonly reload: Reload | undefined;
  /** Absent: everybody may read /metrics. */
  readonly metricsAccess: MetricsAccess | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** What /readyz asks about, in order. */
export function readinessParts({
  audit,
  access,
  upstream,
  sources,
  reload,
}: Parts): readonly ReadinessPart[] {
  const configuration = reload && { name: 'configuration', fault: reload.fault, optional: true };
  return [
    ...upstream.readiness(),
    { name: 'audit', fault: audit.blocked },
    { name: 'audit-writes', fault: audit.fault, optional: true },
    { name: 'kubernetes-access', fault: access.fault, optional: true },
    ...(configuration ? [configuration] : []),
    ...sources.readiness(),
  ];
}

/** What /metrics shows as it is now. */
export function readGauges(
  { audit, upstream, sources, authorization, reload, startedAt }: Parts,
  { ready, parts }: Readiness,
): Gauges {
  return {
    upstreamTokenExpiry: upstream.expiry(),
    issuerKeys: sources.keyStates(),
    rememberedTokens: sources.remembered(),
    auditQueues: audit.waiting(),
    reload: {
      isSuccessful: reload?.fault() === undefined,
      lastSuccessAt: reload?.takenAt() ?? startedAt,
    },
    checksInFlight: authorization.inFlight(),
    ready,
    parts,
  };
}
