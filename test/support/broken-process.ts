/** Ways to break envoy/bootstrap.yaml: an Envoy that tells too much. */
import { type Row } from './broken-bootstrap.ts';
import { connectionManager } from './envoy-rig.ts';

export const brokenProcess: readonly Row[] = [
  [
    'F39',
    'others reach the admin interface',
    'admin.address',
    [[['admin', 'address', 'socket_address', 'address'], '0.0.0.0']],
    'error',
    'nothing listens on other addresses in a test',
  ],
  [
    'F40',
    'the log has tokens',
    'token',
    [
      [
        connectionManager('access_log', 0, 'typed_config', 'log_format', 'json_format', 'token'),
        '%REQ(AUTHORIZATION)%',
      ],
    ],
  ],
  [
    'F41',
    'a fix is switched off',
    '["envoy.reloadable_features.x"]',
    [
      [
        ['layered_runtime'],
        { layers: [{ name: 'static', static_layer: { 'envoy.reloadable_features.x': false } }] },
      ],
    ],
    'warning',
  ],
  [
    'F41',
    'the admin interface sets keys',
    'admin_layer',
    [[['layered_runtime'], { layers: [{ name: 'admin', admin_layer: {} }] }]],
    'warning',
  ],
  [
    'F42',
    'Envoy is old',
    'node.user_agent_build_version.version',
    [
      [
        ['node'],
        { user_agent_build_version: { version: { major_number: 1, minor_number: 37, patch: 4 } } },
      ],
    ],
    'error',
    'it says its own version',
  ],
  [
    'F43',
    'routes come from elsewhere',
    'rds',
    [
      [connectionManager('route_config'), undefined],
      [
        connectionManager('rds'),
        { route_config_name: 'x', config_source: { path_config_source: { path: '/x' } } },
      ],
    ],
    'info',
    'Envoy wants the file',
  ],
];
