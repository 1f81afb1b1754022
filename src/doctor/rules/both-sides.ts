// What only the two configurations together tell.
import { isIP } from 'node:net';
import { endpointsOf, isLocal, isTls, upstreamTls } from '../clusters.ts';
import { at, isSet, isTrue, items, milliseconds, number } from '../field.ts';
import { brokenIf, type Broken } from '../finding.ts';
import { readHostPort } from '../host-port.ts';
import { eachAuthz, sources } from './envoy-rule.ts';
import type { PairRule } from './pair-rule.ts';
import { requestRules } from './request-pair.ts';

const sameAddress: PairRule = {
  id: 'X1',
  severity: 'error',
  title: 'Envoy asks where we listen',
  why: "A check that is sent elsewhere is an outage, or somebody else's decision.",
  fix: 'Make an endpoint of the ext_authz cluster the same as grpc.address.',
  source: sources.cluster,
  check: ({ config, envoy }) =>
    envoy.authzClusters.flatMap((cluster) => {
      const ours = readHostPort(config.grpc.address);
      const known = endpointsOf(cluster);
      // With EDS and no dump there is nothing to compare.
      if (known.length === 0 || known.some((one) => isSame(one, ours))) return [];
      const places = known.map(({ host, port }) => (port === undefined ? host : `${host}:${port}`));
      const field = cluster.assignment;
      const found = `${places.join(', ')} is not ${config.grpc.address}`;
      // A Service between the two may have another name and port.
      const isSure = isLocal(ours) || known.every(isLocal);
      return [{ field, found, severity: isSure ? 'error' : 'warning' } as const];
    }),
};

type Address = ReturnType<typeof readHostPort>;

function isSame(one: Address, ours: Address): boolean {
  if (one.port !== ours.port) return false;
  if (one.host === ours.host || ours.port === undefined) return one.host === ours.host;
  const isEvery = ours.host === '0.0.0.0' || ours.host === '::' || ours.host === '';
  return isEvery || (isLocal(one) && isLocal(ours)) || isIP(one.host) === 0;
}

const sameTls: PairRule = {
  id: 'X2',
  severity: 'error',
  title: 'both ends of the checks speak TLS, or neither',
  why: 'Otherwise no check gets an answer.',
  fix: 'Set grpc.tls and the transport_socket of the cluster together; with clientCAFile Envoy needs a certificate.',
  source: sources.tls,
  check: ({ config: { grpc }, envoy }) =>
    envoy.authzClusters.flatMap((cluster) =>
      upstreamTls(cluster).flatMap((one): readonly Broken[] => {
        const field = isTls(one) ? one.context : one;
        if (isTls(one) !== (grpc.tls !== undefined)) {
          return [
            {
              field,
              found: isTls(one)
                ? "Envoy speaks TLS, and we don't"
                : "we speak TLS, and Envoy doesn't",
            },
          ];
        }
        const lacks = isTls(one) && grpc.tls?.clientCAFile !== undefined && !one.certificate;
        return brokenIf(lacks, field, 'we ask for a client certificate, and Envoy has none');
      }),
    ),
};

const timeouts: PairRule = {
  id: 'X3',
  severity: 'warning',
  title: 'Envoy waits as long as a review may take',
  why: "Envoy's timeout is our deadline: a review that takes longer is given up, whatever impersonation.reviewTimeout says.",
  fix: 'Make grpc_service.timeout at least impersonation.reviewTimeout.',
  source: sources.timeouts,
  check: ({ config, envoy }) =>
    eachAuthz(envoy, (settings) => {
      const field = at(settings, 'grpc_service', 'timeout');
      const length = milliseconds(field) ?? 200;
      const { reviewTimeoutMs } = config.impersonation;
      const isShort = length > 0 && length < reviewTimeoutMs;
      return brokenIf(isShort, field, `${length} ms is less than our ${reviewTimeoutMs} ms`);
    }),
};

const impersonation: PairRule = {
  id: 'X4',
  severity: 'warning',
  title: '`kubectl --as-group` can be told apart',
  why: 'Without encode_raw_headers two --as-group arrive as one with a comma in it, which is refused as ambiguous.',
  fix: 'Set encode_raw_headers: true.',
  source: sources.extAuthz,
  check: ({ config, envoy }) =>
    eachAuthz(envoy, (settings) => {
      const field = at(settings, 'encode_raw_headers');
      const { maxHeaderValues } = config.impersonation;
      return brokenIf(
        !isTrue(field),
        field,
        `up to ${maxHeaderValues} values are taken, and arrive joined`,
      );
    }),
};

const drain: PairRule = {
  id: 'X7',
  severity: 'warning',
  title: 'Envoy notices that we stop before we do',
  why: 'We say NOT_SERVING for grpc.drainPeriod, then take no more checks: what Envoy sends after that fails.',
  fix: 'Make grpc.drainPeriod longer than the interval of the health check times its unhealthy_threshold.',
  source: sources.health,
  check: ({ config, envoy }) =>
    envoy.authzClusters.flatMap(({ config: cluster }) =>
      items(at(cluster, 'health_checks')).flatMap((health) => {
        const field = at(health, 'interval');
        const needed =
          (milliseconds(field) ?? 0) * (number(at(health, 'unhealthy_threshold')) ?? 1);
        const { drainPeriodMs } = config.grpc;
        const isShort = isSet(field) && drainPeriodMs > 0 && needed >= drainPeriodMs;
        return brokenIf(
          isShort,
          field,
          `it takes ${needed} ms to notice, and we wait ${drainPeriodMs} ms`,
        );
      }),
    ),
};

export const pairRules: readonly PairRule[] = [
  sameAddress,
  sameTls,
  timeouts,
  impersonation,
  ...requestRules,
  drain,
];
