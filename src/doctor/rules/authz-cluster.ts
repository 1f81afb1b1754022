// The cluster that answers the checks.
import { at, enumName, isSet, items, number, type Field } from '../field.ts';
import { brokenIf, shown, type Broken } from '../finding.ts';
import {
  endpointsOf,
  http2Options,
  isLocal,
  isTls,
  upstreamProtocol,
  upstreamTls,
  type Cluster,
} from '../clusters.ts';
import type { EnvoyConfig } from '../envoy-config.ts';
import { eachGuarded, sources, type EnvoyRule } from './envoy-rule.ts';

function eachCluster(
  { authzClusters }: EnvoyConfig,
  ask: (cluster: Cluster) => readonly Broken[],
): readonly Broken[] {
  return authzClusters.flatMap(ask);
}

const transport: EnvoyRule = {
  id: 'F32',
  severity: 'error',
  title: 'checks go over HTTP/2, and over TLS on both sides unless they stay on the machine',
  why: "Replies carry the proxy's own token: whoever listens has it, and whoever answers in our place decides who everybody is.",
  fix: 'Use a Unix socket or 127.0.0.1, or give the cluster UpstreamTlsContext with trusted_ca, match_typed_subject_alt_names and a client certificate, and HttpProtocolOptions with http2_protocol_options.',
  source: sources.tls,
  check: (config) => [
    ...missingClusters(config),
    ...eachCluster(config, (cluster) => [
      ...brokenIf(
        upstreamProtocol(cluster) !== 'http2',
        cluster.config,
        'it does not speak HTTP/2, which gRPC is',
      ),
      ...transportFaults(cluster),
    ]),
  ],
};

function missingClusters(config: EnvoyConfig): readonly Broken[] {
  const known = new Set(config.clusters.map(({ name }) => name));
  return eachGuarded(config, ({ authz }) => {
    const field = at(authz.config, 'grpc_service', 'envoy_grpc', 'cluster_name');
    return brokenIf(
      isSet(field) && !known.has(String(field.value)),
      field,
      'this cluster is not in what was looked at',
    );
  });
}

function transportFaults(cluster: Cluster): readonly Broken[] {
  const endpoints = endpointsOf(cluster);
  if (endpoints.length > 0 && endpoints.every(isLocal)) return [];
  return upstreamTls(cluster).flatMap((one): readonly Broken[] => {
    if (!isTls(one)) return [{ field: one, found: 'plain text leaves the machine' }];
    const { context: field, trustedCa, names, certificate } = one;
    return [
      ...brokenIf(!trustedCa, field, 'no trusted_ca: anybody can answer'),
      ...brokenIf(
        !names,
        field,
        'no match_typed_subject_alt_names: every certificate of the CA will do',
      ),
      ...(certificate
        ? []
        : [
            {
              field,
              severity: 'warning' as const,
              found: 'no client certificate: anybody can ask',
            },
          ]),
    ];
  });
}

const breakers: EnvoyRule = {
  id: 'F33',
  severity: 'warning',
  title: 'a burst of checks is no outage',
  why: 'By default the 1025th check at once, and the fourth retry, fail on the spot: kubectl sees 503.',
  fix: 'Set circuit_breakers.thresholds[0] to max_requests: 20000, max_pending_requests: 20000 and max_retries: 1000.',
  source: sources.breakers,
  check: (config) =>
    eachCluster(config, ({ name, config: cluster }) => {
      const all = items(at(cluster, 'circuit_breakers', 'thresholds'));
      const threshold =
        all.find(
          (one) => (enumName(at(one, 'priority'), ['DEFAULT', 'HIGH']) ?? 'DEFAULT') === 'DEFAULT',
        ) ?? at(cluster, 'circuit_breakers', 'thresholds', 0);
      const limit = (key: string, byDefault: number, least: number): readonly Broken[] => {
        const field = at(threshold, key);
        return brokenIf((number(field) ?? byDefault) < least, field, `it is ${shown(field)}`);
      };
      const mayRetry = retries(config, name) && !isSet(at(threshold, 'retry_budget'));
      return [
        ...limit('max_requests', 1024, 2000),
        ...limit('max_pending_requests', 1024, 2000),
        ...(mayRetry ? limit('max_retries', 3, 100) : []),
      ];
    }),
};

/** Whether checks that are sent there are tried again. */
function retries({ guarded }: EnvoyConfig, cluster: string): boolean {
  return guarded.some(({ authz }) => {
    const service = at(authz.config, 'grpc_service');
    const isThis = at(service, 'envoy_grpc', 'cluster_name').value === cluster;
    return isThis && isSet(at(service, 'retry_policy'));
  });
}

const health: EnvoyRule = {
  id: 'F34',
  severity: 'warning',
  title: 'a process that stops or fails is left alone',
  why: 'kube-ext-authz says NOT_SERVING before it stops; without a gRPC health check its last checks fail, without outlier detection one that hangs keeps getting some.',
  fix: 'Add health_checks with grpc_health_check: { service_name: envoy.service.auth.v3.Authorization } and outlier_detection.',
  source: sources.health,
  check: (config) =>
    eachCluster(config, ({ config: cluster }) => {
      const checks = at(cluster, 'health_checks');
      const outliers = at(cluster, 'outlier_detection');
      const hasGrpc = items(checks).some((one) => isSet(at(one, 'grpc_health_check')));
      return [
        ...brokenIf(!hasGrpc, checks, 'there is no gRPC health check'),
        ...brokenIf(!isSet(outliers), outliers, 'it is not set'),
      ];
    }),
};

const clusterTypes = ['STATIC', 'STRICT_DNS', 'LOGICAL_DNS', 'EDS', 'ORIGINAL_DST'];

const discovery: EnvoyRule = {
  id: 'F35',
  severity: 'warning',
  title: 'every process of kube-ext-authz is an endpoint',
  why: 'Envoy keeps one connection for each endpoint and thread: behind one address all checks of a thread go to one process.',
  fix: 'Use EDS, or STRICT_DNS with a headless Service, or list the addresses.',
  source: sources.cluster,
  check: (config) =>
    eachCluster(config, ({ config: cluster }) => {
      const field = at(cluster, 'type');
      const type = enumName(field, clusterTypes) ?? 'STATIC';
      return brokenIf(type === 'LOGICAL_DNS' || type === 'ORIGINAL_DST', field, `it is ${type}`);
    }),
};

const keepalive: EnvoyRule = {
  id: 'F36',
  severity: 'warning',
  title: 'a dead connection to kube-ext-authz is noticed',
  why: 'When a machine vanishes its connection stays, and checks on it wait for their timeout.',
  fix: 'Set connection_keepalive: { interval: 30s, timeout: 5s } in http2_protocol_options of the cluster.',
  source: sources.protocol,
  check: (config) =>
    eachCluster(config, (cluster) => {
      const field: Field = at(http2Options(cluster), 'connection_keepalive');
      const isHttp2 = upstreamProtocol(cluster) === 'http2';
      return brokenIf(isHttp2 && !isSet(at(field, 'interval')), field, 'it is not set');
    }),
};

const panic: EnvoyRule = {
  id: 'F37',
  severity: 'info',
  title: 'the panic threshold was thought of',
  why: 'By default Envoy sends checks to unhealthy processes as soon as half of them are: a rolling restart may do that.',
  fix: 'Set common_lb_config.healthy_panic_threshold: { value: 1 }.',
  source: sources.cluster,
  check: (config) =>
    eachCluster(config, ({ config: cluster }) => {
      const field = at(cluster, 'common_lb_config', 'healthy_panic_threshold');
      return brokenIf(!isSet(field), field, 'it is not set: 50 %');
    }),
};

export const authzClusterRules: readonly EnvoyRule[] = [
  transport,
  breakers,
  health,
  discovery,
  keepalive,
  panic,
];
