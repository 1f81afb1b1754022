// What is running, and what it tells of itself: to /readyz and to /metrics.
import type { Readiness, ReadinessPart } from './admin/readiness.ts';
import type { ClusterAccess } from './kube/cluster-access.ts';
import type { Gauges, Metrics } from './metrics/metrics.ts';
import type { Reload } from './reload.ts';
import type { TokenSources } from './token-sources.ts';
import type { Authorization } from './transport/authorization.ts';
import type { UpstreamCredentials } from './upstream-credentials.ts';

export interface Parts {
  readonly metrics: Metrics;
  readonly access: ClusterAccess;
  readonly upstream: UpstreamCredentials;
  readonly sources: TokenSources;
  readonly authorization: Authorization;
  readonly reload: Reload | undefined;
}

/** What /readyz asks about, in order. */
export function readinessParts({
  access,
  upstream,
  sources,
  reload,
}: Parts): readonly ReadinessPart[] {
  const configuration = reload && { name: 'configuration', fault: reload.fault, optional: true };
  return [
    ...upstream.readiness(),
    { name: 'kubernetes-access', fault: access.fault, optional: true },
    ...(configuration ? [configuration] : []),
    ...sources.readiness(),
  ];
}

/** What /metrics shows as it is now. */
export function readGauges(
  { upstream, sources, authorization }: Parts,
  { ready }: Readiness,
): Gauges {
  return {
    upstreamTokenExpiry: upstream.expiry(),
    issuerKeysFetchedAt: sources.keysFetchedAt(),
    checksInFlight: authorization.inFlight(),
    ready,
  };
}
