/** Ways to break envoy/bootstrap.yaml: filters in the wrong order, and filters too many. */
import { setsUser, v3, filters, route, router, otherLua, type Row } from './broken-bootstrap.ts';
import { connectionManager, extAuthz } from './envoy-rig.ts';

const authzFilter = 'envoy.filters.http.ext_authz';
const extAuthzType = `${v3}.extensions.filters.http.ext_authz.v3.ExtAuthz`;
const injector = {
  name: 'injector',
  typed_config: {
    '@type': `${v3}.extensions.filters.http.credential_injector.v3.CredentialInjector`,
    credential: {
      name: 'generic',
      typed_config: {
        '@type': `${v3}.extensions.http.injected_credentials.generic.v3.Generic`,
        credential: { name: 'token' },
      },
    },
  },
};

export const brokenFilters: readonly Row[] = [
  [
    'F7',
    'a script runs before',
    'http_filters[0]',
    [
      [filters(0), otherLua],
      [filters(1), { name: authzFilter, typed_config: { '@type': extAuthzType } }],
    ],
    'warning',
  ],
  [
    'F7',
    'a filter behind it sets the user',
    'header.key',
    [
      [filters(2), setsUser],
      [filters(3), router],
    ],
  ],
  [
    'F7',
    'there is no router',
    'http_filters',
    [[filters(2), undefined]],
    'error',
    'Envoy refuses it',
  ],
  [
    'F8',
    'upgrades have a chain of their own',
    'upgrade_configs[0].filters',
    [[connectionManager('upgrade_configs', 0, 'filters'), [router]]],
  ],
  [
    'F9',
    'CONNECT is let through',
    'upgrade_configs[2].upgrade_type',
    [[connectionManager('upgrade_configs', 2), { upgrade_type: 'CONNECT' }]],
  ],
  [
    'F9',
    'a route ends CONNECT',
    'connect_config',
    [[route('route', 'upgrade_configs'), [{ upgrade_type: 'websocket', connect_config: {} }]]],
    'error',
    'Envoy refuses it',
  ],
  [
    'F18',
    'routes are chosen again',
    'clear_route_cache',
    [[extAuthz('clear_route_cache'), true]],
    'warning',
  ],
  [
    'F18',
    'routes are chosen again behind the finisher',
    'clear_route_cache',
    [[filters(1, 'typed_config', 'clear_route_cache'), undefined]],
    'warning',
  ],
  ['F20', 'there is no finisher', 'http_filters', [[filters(1), otherLua]]],
  [
    'F28',
    'a route adds a token',
    'header.key',
    [[route('request_headers_to_add'), [{ header: { key: 'Authorization', value: 'Bearer x' } }]]],
  ],
  [
    'F28',
    'a filter adds a token',
    'http_filters[2]',
    [
      [filters(2), injector],
      [filters(3), router],
    ],
    'error',
    'the secret is not there',
  ],
  [
    'F30',
    'requests are mirrored',
    'request_mirror_policies',
    [[route('route', 'request_mirror_policies'), [{ cluster: 'kube_apiserver_http1' }]]],
  ],
  [
    'F30',
    'requests are tapped',
    'http_filters[2]',
    [
      [
        filters(2),
        {
          name: 'tap',
          typed_config: {
            '@type': `${v3}.extensions.filters.http.tap.v3.Tap`,
            common_config: { admin_config: { config_id: 'x' } },
          },
        },
      ],
      [filters(3), router],
    ],
  ],
  [
    'F7',
    'a route has a filter set the user',
    'header.key',
    [
      [filters(2), { ...setsUser, typed_config: { '@type': setsUser.typed_config['@type'] } }],
      [filters(3), router],
      [
        route('typed_per_filter_config'),
        {
          [setsUser.name]: {
            ...setsUser.typed_config,
            '@type': `${setsUser.typed_config['@type']}PerRoute`,
          },
        },
      ],
    ],
  ],
];
