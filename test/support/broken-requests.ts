/** Ways to break envoy/bootstrap.yaml: requests that are cut off, changed or led elsewhere. */
import {
  cluster,
  setsUser,
  v3,
  common,
  host,
  route,
  router,
  type Row,
} from './broken-bootstrap.ts';
import { connectionManager, type Change } from './envoy-rig.ts';

const managerType = `${v3}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager`;
const httpOptions = [
  'typed_extension_protocol_options',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
];
const upstreamCodec = {
  name: 'envoy.filters.http.upstream_codec',
  typed_config: { '@type': `${v3}.extensions.filters.http.upstream_codec.v3.UpstreamCodec` },
};

function sideDoor(name: string, filter: object): readonly Change[] {
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  return [
    [
      ['static_resources', 'listeners', 1],
      { name, address, filter_chains: [{ filters: [filter] }] },
    ],
  ];
}

const openRoutes = {
  name: 'open',
  typed_config: {
    '@type': managerType,
    stat_prefix: 'open',
    route_config: {
      virtual_hosts: [
        {
          name: 'open',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, route: { cluster: 'kube_apiserver' } }],
        },
      ],
    },
    http_filters: [router],
  },
};

const openTunnel = {
  name: 'tunnel',
  typed_config: {
    '@type': `${v3}.extensions.filters.network.tcp_proxy.v3.TcpProxy`,
    stat_prefix: 'tunnel',
    cluster: 'kube_ext_authz',
  },
};

export const brokenRequests: readonly Row[] = [
  [
    'F21',
    'few headers are let through',
    'max_headers_count',
    [[common('max_headers_count'), undefined]],
    'warning',
  ],
  [
    'F21',
    'small headers are let through',
    'max_request_headers_kb',
    [[connectionManager('max_request_headers_kb'), 60]],
    'warning',
  ],
  [
    'F22',
    'underscores are let through',
    'headers_with_underscores_action',
    [[common('headers_with_underscores_action'), undefined]],
    'warning',
  ],
  [
    'F23',
    'paths stay as they are',
    'normalize_path',
    [[connectionManager('normalize_path'), undefined]],
    'warning',
  ],
  [
    'F23',
    'slashes stay as they are',
    'merge_slashes',
    [[connectionManager('merge_slashes'), false]],
    'warning',
  ],
  [
    'F23',
    'slashes are unescaped',
    'path_with_escaped_slashes_action',
    [[connectionManager('path_with_escaped_slashes_action'), 'UNESCAPE_AND_FORWARD']],
  ],
  [
    'F24',
    'clients say who they are',
    'use_remote_address',
    [[connectionManager('use_remote_address'), false]],
    'warning',
  ],
  [
    'F24',
    'internal is whoever is private',
    'internal_address_config',
    [[connectionManager('internal_address_config'), undefined]],
    'warning',
  ],
  [
    'F25',
    'SPDY is not let through',
    'upgrade_configs',
    [[connectionManager('upgrade_configs', 1), undefined]],
    'warning',
  ],
  [
    'F26',
    'a route has the default timeout',
    'timeout',
    [[route('route', 'timeout'), undefined]],
    'warning',
  ],
  [
    'F26',
    'idle streams end',
    'stream_idle_timeout',
    [[connectionManager('stream_idle_timeout'), '300s']],
    'warning',
  ],
  [
    'F26',
    'streams end',
    'max_stream_duration',
    [[common('max_stream_duration'), '60s']],
    'warning',
  ],
  ['F27', 'a path is rewritten', 'prefix_rewrite', [[route('route', 'prefix_rewrite'), '/x/']]],
  [
    'F27',
    'a route sets the user',
    'header.key',
    [[route('request_headers_to_add'), [{ header: { key: 'impersonate-user', value: 'x' } }]]],
  ],
  [
    'F27',
    'a virtual host removes groups',
    'request_headers_to_remove[0]',
    [[host('request_headers_to_remove'), ['Impersonate-Group']]],
  ],
  ['F29', 'a listener leads past the check', 'routes[0]', sideDoor('open', openRoutes)],
  ['F29', 'a tunnel leads to kube-ext-authz', 'typed_config', sideDoor('tunnel', openTunnel)],
  [
    'F31',
    'requests are sent twice',
    'retry_on',
    [[route('route', 'retry_policy'), { retry_on: 'connect-failure,5xx' }]],
    'warning',
  ],
  [
    'F29',
    'a request says where it goes',
    'cluster_header',
    [[route('route'), { cluster_header: 'x-cluster', timeout: '0s' }]],
  ],
  [
    'F27',
    'a filter of the cluster sets the user',
    'header.key',
    [[cluster(1, ...httpOptions, 'http_filters'), [setsUser, upstreamCodec]]],
  ],
];
