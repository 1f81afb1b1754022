// The clusters of an Envoy, and what of them the rules ask about.
import { isIP } from 'node:net';
import { at, isSet, items, number, text, unwrapped, type Field } from './field.ts';
import { forwarding, type RouteTable } from './routes.ts';

export interface Cluster {
  readonly name: string;
  readonly config: Field;
  /** load_assignment, or what EDS gave. */
  readonly assignment: Field;
}

export interface Endpoint {
  readonly field: Field;
  /** A name, an address, or the path of a Unix socket. */
  readonly host: string;
  /** Undefined for a Unix socket. */
  readonly port: number | undefined;
}

export function clusterNamed(clusters: readonly Cluster[], name: string): readonly Cluster[] {
  return clusters.filter((cluster) => cluster.name === name);
}

/** The clusters that guarded requests are sent to. */
export function apiClusters(
  managers: readonly { readonly routes: RouteTable }[],
  clusters: readonly Cluster[],
): readonly Cluster[] {
  const names = managers.flatMap(({ routes }) =>
    forwarding(routes).flatMap((route) => route.clusters),
  );
  return [...new Set(names)].flatMap((name) => clusterNamed(clusters, name));
}

export function endpointsOf({ assignment }: Cluster): readonly Endpoint[] {
  return items(at(assignment, 'endpoints'))
    .flatMap((locality) => items(at(locality, 'lb_endpoints')))
    .map((one) => readAddress(at(one, 'endpoint', 'address')));
}

/** An envoy.config.core.v3.Address. */
export function readAddress(address: Field): Endpoint {
  const pipe = at(address, 'pipe', 'path');
  if (isSet(pipe)) return { field: address, host: text(pipe) ?? '', port: undefined };
  const socket = at(address, 'socket_address');
  const host = text(at(socket, 'address')) ?? '';
  return { field: socket, host, port: number(at(socket, 'port_value')) ?? 0 };
}

/** Whether what is sent there never leaves the machine. */
export function isLocal({ host, port }: Pick<Endpoint, 'host' | 'port'>): boolean {
  if (port === undefined || host === 'localhost') return true;
  return (isIP(host) === 4 && host.startsWith('127.')) || host === '::1';
}

/** The settings of HTTP to the upstream, new form or old. */
export function protocolOptions({ config }: Cluster): Field {
  return at(
    config,
    'typed_extension_protocol_options',
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  );
}

/** http1 | http2 | downstream (as the client came) | auto (by ALPN). */
export function upstreamProtocol(cluster: Cluster): 'http1' | 'http2' | 'downstream' | 'auto' {
  const options = protocolOptions(cluster);
  if (isSet(at(options, 'use_downstream_protocol_config'))) return 'downstream';
  if (isSet(at(options, 'auto_config'))) return 'auto';
  if (isSet(http2Options(cluster))) return 'http2';
  return 'http1';
}

/** Settings of HTTP/2 to the upstream, wherever they stand. */
export function http2Options(cluster: Cluster): Field {
  const explicit = at(protocolOptions(cluster), 'explicit_http_config', 'http2_protocol_options');
  const old = at(cluster.config, 'http2_protocol_options');
  return isSet(explicit) || !isSet(old) ? explicit : old;
}

export interface UpstreamTls {
  readonly context: Field;
  readonly trustedCa: boolean;
  readonly names: boolean;
  /** A certificate of our own, or where one comes from. */
  readonly certificate: Field | undefined;
}

/** The TLS of every transport socket of a cluster; an undefined one is plain text. */
export function upstreamTls({ config }: Cluster): readonly (UpstreamTls | Field)[] {
  const matches = items(at(config, 'transport_socket_matches'));
  const sockets = matches.map((match) => at(match, 'transport_socket'));
  const own = at(config, 'transport_socket');
  if (isSet(own) || sockets.length === 0) sockets.push(own);
  return sockets.map((socket) => readTls(socket));
}

export function isTls(one: UpstreamTls | Field): one is UpstreamTls {
  return 'context' in one;
}

function readTls(socket: Field): UpstreamTls | Field {
  const { type, ...config } = unwrapped(at(socket, 'typed_config'));
  const inner = at(config, 'transport_socket');
  if (type !== 'UpstreamTlsContext') return isSet(inner) ? readTls(inner) : socket;
  const common = at(config, 'common_tls_context');
  const places = [
    at(common, 'validation_context'),
    at(common, 'combined_validation_context', 'default_validation_context'),
  ];
  const isDiscovered = isSet(
    at(common, 'combined_validation_context', 'validation_context_sds_secret_config'),
  );
  const isAllDiscovered = isSet(at(common, 'validation_context_sds_secret_config'));
  const has = (name: string): boolean => places.some((place) => isFilled(at(place, name)));
  const certificate = [
    'tls_certificates',
    'tls_certificate_sds_secret_configs',
    'tls_certificate_provider_instance',
  ]
    .map((name) => at(common, name))
    .find(isFilled);
  return {
    context: config,
    trustedCa:
      isDiscovered ||
      isAllDiscovered ||
      has('trusted_ca') ||
      has('ca_certificate_provider_instance') ||
      has('system_root_certs'),
    names:
      isAllDiscovered || has('match_typed_subject_alt_names') || has('match_subject_alt_names'),
    certificate,
  };
}

function isFilled(field: Field): boolean {
  return isSet(field) && !(Array.isArray(field.value) && field.value.length === 0);
}
