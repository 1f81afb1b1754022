/** Ways to break envoy/bootstrap.yaml: requests that go unchecked. */
import { v3, filters, host, route, otherLua, type Row } from './broken-bootstrap.ts';
import { extAuthz } from './envoy-rig.ts';

const authzFilter = 'envoy.filters.http.ext_authz';
const perRoute = `${v3}.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute`;

export const brokenDoors: readonly Row[] = [
  ['F0', 'ext_authz is not there', '', [[filters(0), otherLua]]],
  [
    'F0',
    'ext_authz asks over HTTP',
    'typed_config.grpc_service',
    [
      [extAuthz('grpc_service'), undefined],
      [
        extAuthz('http_service'),
        { server_uri: { uri: 'http://127.0.0.1', cluster: 'kube_ext_authz', timeout: '1s' } },
      ],
    ],
  ],
  ['F1', 'it fails open', 'failure_mode_allow', [[extAuthz('failure_mode_allow'), true]]],
  ['F2', 'it is in shadow mode', 'shadow_mode', [[extAuthz('shadow_mode'), true]], 'error'],
  [
    'F3',
    'it is on for half of the requests',
    'filter_enabled',
    [
      [extAuthz('filter_enabled'), { default_value: { numerator: 50 } }],
      [extAuthz('deny_at_disable'), undefined],
    ],
  ],
  [
    'F3',
    'the runtime may turn it off',
    'filter_enabled',
    [
      [
        extAuthz('filter_enabled'),
        { default_value: { numerator: 1_000_000, denominator: 'MILLION' }, runtime_key: 'x' },
      ],
      [extAuthz('deny_at_disable'), undefined],
    ],
  ],
  [
    'F4',
    'it waits for metadata that nobody writes',
    'filter_enabled_metadata',
    [
      [
        extAuthz('filter_enabled_metadata'),
        { filter: 'x', path: [{ key: 'found' }], value: { present_match: true } },
      ],
      [extAuthz('deny_at_disable'), undefined],
    ],
  ],
  ['F5', 'it is disabled', 'routes[0]', [[filters(0, 'disabled'), true]]],
  ['F5', 'the finisher is optional', 'is_optional', [[filters(1, 'is_optional'), true]]],
  [
    'F6',
    'a route does without',
    `["${authzFilter}"]`,
    [[route('typed_per_filter_config'), { [authzFilter]: { '@type': perRoute, disabled: true } }]],
  ],
  [
    'F6',
    'a virtual host does without, by a FilterConfig',
    `["${authzFilter}"]`,
    [
      [
        host('typed_per_filter_config'),
        { [authzFilter]: { '@type': `${v3}.config.route.v3.FilterConfig`, disabled: true } },
      ],
    ],
  ],
  [
    'F6',
    'a route asks somebody else',
    'grpc_service',
    [
      [
        route('typed_per_filter_config'),
        {
          [authzFilter]: {
            '@type': perRoute,
            check_settings: { grpc_service: { envoy_grpc: { cluster_name: 'kube_apiserver' } } },
          },
        },
      ],
    ],
  ],
  [
    'F6',
    'a route does without the finisher',
    '["kube-ext-authz.finisher"]',
    [
      [
        route('typed_per_filter_config'),
        {
          'kube-ext-authz.finisher': {
            '@type': `${v3}.extensions.filters.http.lua.v3.LuaPerRoute`,
            disabled: true,
          },
        },
      ],
    ],
  ],
];
