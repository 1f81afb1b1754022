/** Where the parts of an Envoy's configuration may be: in files, and in what comes by xDS. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { renderBootstrap } from '../../../lab/bootstrap.ts';
import { readEnvoyConfig } from '../../../src/doctor/envoy-config.ts';
import { envoyRules } from '../../../src/doctor/envoy-rules.ts';
import { at, pathText, type Field } from '../../../src/doctor/field.ts';
import { findingsOf, type Finding } from '../../../src/doctor/finding.ts';
import { readSource } from '../../../src/doctor/source.ts';
import { withField } from '../../support/config-files.ts';

const good = parse(
  renderBootstrap({
    certFile: 'tls.crt',
    keyFile: 'tls.key',
    accessLog: 'access.log',
    apiServer: { address: '127.0.0.1', port: 6443, caFile: 'ca.crt' },
    authz: { endpoints: [{ address: '127.0.0.1', port: 9001 }] },
  }),
);
const [listener] = good.static_resources.listeners;
const { clusters } = good.static_resources;
const managerPath = ['filter_chains', 0, 'filters', 0, 'typed_config'];
const manager = listener.filter_chains[0].filters[0].typed_config;

const admin = 'type.googleapis.com/envoy.admin.v3';

interface Parts {
  readonly listener?: object;
  readonly routes?: object;
  readonly clusters?: readonly object[];
  readonly endpoints?: object;
  readonly filter?: object;
}

/** What /config_dump answers when everything came by xDS. */
function dump(parts: Parts): object {
  const { listener: own = listener, routes, endpoints, filter } = parts;
  return {
    configs: [
      {
        '@type': `${admin}.BootstrapConfigDump`,
        bootstrap: { node: { id: 'x' }, admin: good.admin },
      },
      {
        '@type': `${admin}.ClustersConfigDump`,
        dynamic_active_clusters: (parts.clusters ?? clusters).map((cluster: object) => ({
          cluster,
        })),
      },
      {
        '@type': `${admin}.ListenersConfigDump`,
        dynamic_listeners: [{ name: 'k', active_state: { listener: own } }],
      },
      {
        '@type': `${admin}.RoutesConfigDump`,
        dynamic_route_configs: routes ? [{ route_config: routes }] : [],
      },
      {
        '@type': `${admin}.EndpointsConfigDump`,
        dynamic_endpoint_configs: endpoints ? [{ endpoint_config: endpoints }] : [],
      },
      { '@type': `${admin}.EcdsConfigDump`, ecds_filters: filter ? [{ ecds_filter: filter }] : [] },
    ],
  };
}

const byRds = withField(
  withField(listener, [...managerPath, 'route_config'], undefined),
  [...managerPath, 'rds'],
  {
    route_config_name: 'kubernetes',
  },
);
const endpoints = clusters[0].load_assignment;
const remoteEndpoints = withField(
  endpoints,
  ['endpoints', 0, 'lb_endpoints', 0, 'endpoint', 'address', 'socket_address', 'address'],
  '10.0.0.1',
);
const byEds = [{ ...clusters[0], type: 'EDS', load_assignment: undefined }, ...clusters.slice(1)];
const openAuthz = withField(manager.http_filters[0], ['typed_config', 'failure_mode_allow'], true);
const { '@type': authzType, ...authzSettings } = manager.http_filters[0].typed_config;
const typedStruct = {
  '@type': 'type.googleapis.com/xds.type.v3.TypedStruct',
  type_url: authzType,
  value: { ...authzSettings, failure_mode_allow: true },
};
const discovered = {
  name: 'envoy.filters.http.ext_authz',
  config_discovery: { type_urls: [authzType] },
};

describe('a configuration that came by xDS', () => {
  it('is the same as one of a file', () => {
    assert.deepEqual(examine(dump({})), []);
  });

  it('has its routes in RDS', () => {
    assert.deepEqual(examine(dump({ listener: byRds, routes: manager.route_config })), []);
    const broken = withField(
      manager.route_config,
      ['virtual_hosts', 0, 'routes', 1, 'route', 'prefix_rewrite'],
      '/x',
    );
    const [finding, ...more] = examine(dump({ listener: byRds, routes: broken }));
    assert.deepEqual([finding?.id, more], ['F27', []]);
    assert.equal(
      finding?.field,
      'configs[3].dynamic_route_configs[0].route_config.virtual_hosts[0].routes[1].route.prefix_rewrite',
    );
  });

  it('says when its routes were not dumped', () => {
    const [finding, ...more] = examine(dump({ listener: byRds }));
    assert.deepEqual([finding?.id, finding?.severity, more], ['F43', 'info', []]);
  });

  it('has its endpoints in EDS', () => {
    assert.deepEqual(examine(dump({ clusters: byEds, endpoints })), []);
    const found = examine(dump({ clusters: byEds, endpoints: remoteEndpoints }));
    assert.deepEqual(idsOf(found), ['F32']);
    assert.deepEqual(idsOf(examine(dump({ clusters: byEds }))), ['F32']);
  });

  it('has filters in ECDS', () => {
    const own = withField(listener, [...managerPath, 'http_filters', 0], discovered);
    assert.deepEqual(examine(dump({ listener: own, filter: manager.http_filters[0] })), []);
    assert.deepEqual(idsOf(examine(dump({ listener: own, filter: openAuthz }))), ['F1']);
  });

  it('has a version', () => {
    const version = { major_number: 1, minor_number: 36, patch: 8 };
    const old = withField(
      dump({}),
      ['configs', 0, 'bootstrap', 'node', 'user_agent_build_version'],
      { version },
    );
    assert.deepEqual(idsOf(examine(old)), ['F42']);
  });
});

describe('the parts of a configuration', () => {
  it('may be wrapped in a TypedStruct', () => {
    const own = withField(
      listener,
      [...managerPath, 'http_filters', 0, 'typed_config'],
      typedStruct,
    );
    const [finding, ...more] = examine(withField(good, ['static_resources', 'listeners', 0], own));
    assert.deepEqual([finding?.id, more], ['F1', []]);
    assert.match(finding?.field ?? '', /typed_config\.value\.failure_mode_allow$/);
  });

  it('may stand in the default filter chain', () => {
    const {
      filter_chains: [chain],
      ...rest
    } = listener;
    const own = { ...rest, default_filter_chain: chain };
    assert.deepEqual(examine(withField(good, ['static_resources', 'listeners', 0], own)), []);
  });

  it('may be several: each is looked at', () => {
    const second = withField(
      withField(
        listener,
        [...managerPath, 'http_filters', 0, 'typed_config', 'failure_mode_allow'],
        true,
      ),
      [...managerPath, 'merge_slashes'],
      false,
    );
    const found = examine(withField(good, ['static_resources', 'listeners', 1], second));
    assert.deepEqual(idsOf(found), ['F1', 'F23']);
    for (const { field } of found) assert.match(field, /^static_resources\.listeners\[1\]/);
  });

  it('that have nothing to do with the API server are left alone', () => {
    const other = withField(
      withField(listener, [...managerPath, 'http_filters'], manager.http_filters.slice(2)),
      [...managerPath, 'route_config', 'virtual_hosts', 0, 'routes'],
      [{ match: { prefix: '/' }, route: { cluster: 'other' } }],
    );
    const address = { socket_address: { address: '10.0.0.9', port_value: 80 } };
    const load_assignment = { endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] };
    const both = withField(
      withField(good, ['static_resources', 'listeners', 1], other),
      ['static_resources', 'clusters', 3],
      { name: 'other', load_assignment },
    );
    assert.deepEqual(examine(both), []);
  });

  it('lead past the check by a cluster of another name, too', () => {
    const open = withField(
      withField(listener, [...managerPath, 'http_filters'], manager.http_filters.slice(2)),
      [...managerPath, 'route_config', 'virtual_hosts', 0, 'routes'],
      [{ match: { prefix: '/' }, route: { cluster: 'copy' } }],
    );
    const both = withField(
      withField(good, ['static_resources', 'listeners', 1], open),
      ['static_resources', 'clusters', 3],
      { ...clusters[1], name: 'copy' },
    );
    assert.deepEqual(idsOf(examine(both)), ['F29']);
  });
});

describe('fields', () => {
  const root: Field = { value: { someField: [{ a: 1 }], 'a.b': { c_d: 2 } }, path: [] };

  it('are found in both spellings, and keep the one they have', () => {
    const found = at(root, 'some_field', 0, 'a');
    assert.deepEqual([found.value, pathText(found.path)], [1, 'someField[0].a']);
  });

  it('with odd names are quoted in their path', () => {
    assert.equal(pathText(at(root, 'a.b', 'c_d').path), '["a.b"].c_d');
  });

  it('that are not there have a path, too', () => {
    const missing = at(root, 'x', 3, 'y_z');
    assert.deepEqual([missing.value, pathText(missing.path)], [undefined, 'x[3].y_z']);
  });

  it('read yes and on as Envoy does', () => {
    for (const word of ['yes', 'on', 'TRUE']) {
      assert.equal(at(readSource('x', `a: ${word}`).root, 'a').value, true);
    }
  });
});

function examine(config: object): readonly Finding[] {
  const source = readSource('envoy', stringify(config));
  return findingsOf(envoyRules, readEnvoyConfig(source.root), source);
}

function idsOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ id }) => id);
}
