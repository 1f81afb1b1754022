/** The settings of envoy/bootstrap.yaml that keep requests in and identities true, by their paths. */

/** Stands for a setting that must not be there. */
export const absent = Symbol('absent');

type Settings = Readonly<Record<string, unknown>>;

const listener = 'static_resources/listeners/0';
const manager = `${listener}/filter_chains/0/filters/0/typed_config`;
const filters = `${manager}/http_filters`;
const routes = `${manager}/route_config/virtual_hosts/0/routes`;
const authzCluster = 'static_resources/clusters/0';
const protocol = [
  'typed_extension_protocol_options',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  'explicit_http_config',
].join('/');

const extAuthz: Settings = {
  failure_mode_allow: false,
  shadow_mode: absent,
  filter_enabled: absent,
  filter_enabled_metadata: absent,
  'deny_at_disable/default_value': true,
  allowed_headers: absent,
  disallowed_headers: absent,
  encode_raw_headers: true,
  validate_mutations: true,
  'decoder_header_mutation_rules/disallow_all': true,
  'decoder_header_mutation_rules/disallow_is_error': true,
  transport_api_version: 'V3',
  enable_dynamic_metadata_ingestion: true,
  'grpc_service/envoy_grpc/cluster_name': 'kube_ext_authz',
  'grpc_service/timeout': '5s',
  'status_on_error/code': 'ServiceUnavailable',
  clear_route_cache: false,
  with_request_body: absent,
  include_peer_certificate: false,
};

const connectionManager: Settings = {
  upgrade_configs: [{ upgrade_type: 'websocket' }, { upgrade_type: 'SPDY/3.1' }],
  max_request_headers_kb: 256,
  'common_http_protocol_options/max_headers_count': 1000,
  'common_http_protocol_options/headers_with_underscores_action': 'REJECT_REQUEST',
  'common_http_protocol_options/max_stream_duration': absent,
  'common_http_protocol_options/max_connection_duration': absent,
  normalize_path: true,
  merge_slashes: true,
  path_with_escaped_slashes_action: 'REJECT_REQUEST',
  use_remote_address: true,
  xff_num_trusted_hops: 0,
  // Without a range, Envoy trusts loopback and private addresses.
  internal_address_config: {
    unix_sockets: false,
    cidr_ranges: [{ address_prefix: '255.255.255.255', prefix_len: 32 }],
  },
  stream_idle_timeout: '0s',
  request_timeout: '0s',
  early_header_mutation_extensions: absent,
  'route_config/request_headers_to_add': absent,
  'route_config/request_headers_to_remove': absent,
  'route_config/typed_per_filter_config': absent,
  'route_config/request_mirror_policies': absent,
  'route_config/virtual_hosts/1': absent,
};

const virtualHost: Settings = {
  domains: ['*'],
  request_headers_to_add: absent,
  request_headers_to_remove: absent,
  typed_per_filter_config: absent,
  retry_policy: absent,
};

function route(cluster: string, match: unknown): Settings {
  return {
    match,
    route: { cluster, timeout: '0s' },
    request_headers_to_add: absent,
    request_headers_to_remove: absent,
    typed_per_filter_config: absent,
  };
}

function apiServerCluster(name: string): Settings {
  const context = 'transport_socket/typed_config/common_tls_context';
  return {
    name,
    [`${context}/tls_certificates`]: absent,
    [`${context}/validation_context/trusted_ca/filename`]: 'ca.crt',
    [`${context}/validation_context/match_typed_subject_alt_names`]: [
      { san_type: 'IP_ADDRESS', matcher: { exact: '127.0.0.1' } },
    ],
    'circuit_breakers/thresholds/0/max_requests': 100_000,
  };
}

const upgrade = { prefix: '/', headers: [{ name: 'upgrade', present_match: true }] };

/** For each place the settings it must have. */
export const safetySettings: Readonly<Record<string, Settings>> = {
  [`${filters}/0`]: { name: 'envoy.filters.http.ext_authz', disabled: absent },
  [`${filters}/0/typed_config`]: extAuthz,
  [`${filters}/1`]: { name: 'kube-ext-authz.finisher', disabled: absent },
  [`${filters}/1/typed_config`]: { clear_route_cache: false },
  [`${filters}/2`]: { name: 'envoy.filters.http.router' },
  [filters]: { 3: absent },
  [manager]: connectionManager,
  [`${manager}/route_config/virtual_hosts/0`]: virtualHost,
  [`${routes}/0`]: route('kube_apiserver_http1', upgrade),
  [`${routes}/1`]: route('kube_apiserver', { prefix: '/' }),
  [routes]: { 2: absent },
  [`${listener}/address/socket_address`]: { address: '127.0.0.1' },
  [`${listener}/filter_chains`]: { 1: absent },
  'static_resources/listeners': { 1: absent },
  [authzCluster]: {
    'circuit_breakers/thresholds/0/max_requests': 20_000,
    'circuit_breakers/thresholds/0/max_pending_requests': 20_000,
    'circuit_breakers/thresholds/0/max_retries': 1000,
    'health_checks/0/grpc_health_check/service_name': 'envoy.service.auth.v3.Authorization',
    'outlier_detection/enforcing_consecutive_gateway_failure': 100,
    'common_lb_config/healthy_panic_threshold/value': 1,
    [`${protocol}/http2_protocol_options/connection_keepalive/interval`]: '30s',
  },
  'static_resources/clusters/1': apiServerCluster('kube_apiserver'),
  'static_resources/clusters/2': {
    ...apiServerCluster('kube_apiserver_http1'),
    [`${protocol}/http_protocol_options`]: {},
    [`${protocol}/http2_protocol_options`]: absent,
  },
  'admin/address/socket_address': { address: '127.0.0.1' },
};
