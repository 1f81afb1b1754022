/** Ways to break envoy/bootstrap.yaml: clusters that fail, or believe anybody. */
import { host, cluster, type Row } from './broken-bootstrap.ts';
import { extAuthz, type Change } from './envoy-rig.ts';

const protocol = [
  'typed_extension_protocol_options',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
  'explicit_http_config',
];
const tlsOf = (index: number, ...path: Change[0]): Change[0] =>
  cluster(index, 'transport_socket', 'typed_config', 'common_tls_context', ...path);

export const brokenClusters: readonly Row[] = [
  [
    'F32',
    'checks leave the machine in plain text',
    'transport_socket',
    [
      [
        cluster(
          0,
          'load_assignment',
          'endpoints',
          0,
          'lb_endpoints',
          0,
          'endpoint',
          'address',
          'socket_address',
          'address',
        ),
        '10.0.0.1',
      ],
    ],
  ],
  [
    'F32',
    'checks go over HTTP/1.1',
    'clusters[0]',
    [[cluster(0, ...protocol), { http_protocol_options: {} }]],
    'error',
    'Envoy refuses it, because of the health check',
  ],
  [
    'F32',
    'the cluster is another',
    'cluster_name',
    [[extAuthz('grpc_service', 'envoy_grpc', 'cluster_name'), 'elsewhere']],
  ],
  [
    'F33',
    'a burst is an outage',
    'max_requests',
    [[cluster(0, 'circuit_breakers', 'thresholds', 0, 'max_requests'), undefined]],
    'warning',
  ],
  [
    'F33',
    'retries are few',
    'max_retries',
    [[cluster(0, 'circuit_breakers', 'thresholds', 0, 'max_retries'), 3]],
    'warning',
  ],
  [
    'F34',
    'health is not asked for',
    'health_checks',
    [[cluster(0, 'health_checks'), undefined]],
    'warning',
  ],
  [
    'F34',
    'outliers stay',
    'outlier_detection',
    [[cluster(0, 'outlier_detection'), undefined]],
    'warning',
  ],
  ['F35', 'one address stands for all', 'type', [[cluster(0, 'type'), 'LOGICAL_DNS']], 'warning'],
  [
    'F36',
    'dead connections stay',
    'connection_keepalive',
    [[cluster(0, ...protocol, 'http2_protocol_options'), {}]],
    'warning',
  ],
  [
    'F37',
    'panic is the default',
    'healthy_panic_threshold',
    [[cluster(0, 'common_lb_config'), undefined]],
    'info',
  ],
  [
    'F38',
    'the API server is anybody',
    'typed_config',
    [[tlsOf(1, 'validation_context'), undefined]],
  ],
  [
    'F38',
    'the API server has any name',
    'typed_config',
    [[tlsOf(1, 'validation_context', 'match_typed_subject_alt_names'), undefined]],
  ],
  [
    'F38',
    'Envoy has a certificate',
    'tls_certificates',
    [
      [
        tlsOf(1, 'tls_certificates'),
        [{ certificate_chain: { filename: 'tls.crt' }, private_key: { filename: 'tls.key' } }],
      ],
    ],
  ],
  [
    'F38',
    'upgrades go over HTTP/2',
    'route.cluster',
    [[host('routes', 0, 'route', 'cluster'), 'kube_apiserver']],
  ],
];
