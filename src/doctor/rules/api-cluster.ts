// The cluster that is the API server.
import { at, isSet, items, text, type Field } from '../field.ts';
import { brokenIf, type Broken } from '../finding.ts';
import { clusterNamed, isTls, upstreamProtocol, upstreamTls, type Cluster } from '../clusters.ts';
import type { EnvoyConfig } from '../envoy-config.ts';
import { forwards, type Route, type VirtualHost } from '../routes.ts';
import { eachGuarded, sources, type EnvoyRule } from './envoy-rule.ts';

const upstream: EnvoyRule = {
  id: 'F38',
  severity: 'error',
  title:
    'the API server is proven by its certificate, Envoy by none, and upgrades go over HTTP/1.1',
  why: "Whoever stands in for the API server gets the proxy's token; a client certificate would make an unchecked request the proxy itself; over HTTP/2 the API server refuses upgrades (502).",
  fix: 'Give the cluster UpstreamTlsContext with trusted_ca and match_typed_subject_alt_names and without tls_certificates, and route requests that have an upgrade header to a cluster with http_protocol_options.',
  source: sources.upstreamHttp,
  check: (config) => [
    ...config.apiClusters.flatMap(tlsFaults),
    ...eachGuarded(config, ({ routes }) =>
      routes.hosts.flatMap((host) => upgradeFaults(host, config)),
    ),
  ],
};

function tlsFaults(cluster: Cluster): readonly Broken[] {
  return upstreamTls(cluster).flatMap((one): readonly Broken[] => {
    if (!isTls(one)) return [{ field: one, found: 'it is plain text' }];
    const { context: field, trustedCa, names, certificate } = one;
    return [
      ...brokenIf(!trustedCa, field, 'no trusted_ca: anybody can be the API server'),
      ...brokenIf(
        !names,
        field,
        'no match_typed_subject_alt_names: every certificate of the CA will do',
      ),
      ...(certificate
        ? [{ field: certificate, found: 'Envoy has a certificate of its own here' }]
        : []),
    ];
  });
}

/** The routes that an upgrade to any path may take: up to the first one that takes all of them. */
function upgradeFaults({ routes }: VirtualHost, { clusters }: EnvoyConfig): readonly Broken[] {
  const open = routes.filter(takesUpgrades);
  const last = open.findIndex(takesEveryPath);
  const taken = last < 0 ? open : open.slice(0, last + 1);
  return taken.filter(forwards).flatMap(({ clusters: names, action }) => {
    const wrong = names
      .flatMap((name) => clusterNamed(clusters, name))
      .find((cluster) => ['http2', 'auto'].includes(upstreamProtocol(cluster)));
    if (!wrong) return [];
    return [
      { field: clusterField(action), found: `upgrades go to ${wrong.name}, which speaks HTTP/2` },
    ];
  });
}

function clusterField(action: Field): Field {
  const cluster = at(action, 'cluster');
  return isSet(cluster) ? cluster : at(action, 'weighted_clusters');
}

/** A route that asks for other headers is taken for one of other requests. */
function takesUpgrades({ field }: Route): boolean {
  return items(at(field, 'match', 'headers')).every(
    (header) =>
      text(at(header, 'name'))?.toLowerCase() === 'upgrade' &&
      at(header, 'invert_match').value !== true &&
      at(header, 'present_match').value !== false,
  );
}

function takesEveryPath({ field }: Route): boolean {
  return text(at(field, 'match', 'prefix')) === '/';
}

export const apiClusterRules: readonly EnvoyRule[] = [upstream];
