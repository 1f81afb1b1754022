/** Where things are in envoy/bootstrap.yaml, for tests that break it. */
import { connectionManager, type Change } from './envoy-rig.ts';

type Path = Change[0];

export interface Breakage {
  /** Of `doctor`: the rule that tells. */
  readonly rule: string;
  /** What was done, to follow the rule's id in a test's title. */
  readonly says: string;
  readonly changes: readonly Change[];
  /** The end of the field that the finding must be about. */
  readonly field: string;
  readonly severity: 'error' | 'warning' | 'info';
  /** Why a real Envoy can't be shown with it; absent: it is. */
  readonly onlyFile?: string;
}

/** A breakage in short: rule, what was done, field, changes, severity (error), why not in a real Envoy. */
export type Row = readonly [
  rule: string,
  says: string,
  field: string,
  changes: readonly Change[],
  severity?: Breakage['severity'],
  onlyFile?: string,
];

export const v3 = 'type.googleapis.com/envoy';

/** A filter of the connection manager, or a setting of one. */
export function filters(...path: Path): Path {
  return connectionManager('http_filters', ...path);
}

/** A setting of common_http_protocol_options. */
export function common(name: string): Path {
  return connectionManager('common_http_protocol_options', name);
}

/** A setting of the virtual host. */
export function host(...path: Path): Path {
  return connectionManager('route_config', 'virtual_hosts', 0, ...path);
}

/** A setting of the route that takes everything. */
export function route(...path: Path): Path {
  return host('routes', 1, ...path);
}

/** A setting of a cluster: 0 is kube-ext-authz, 1 and 2 are the API server. */
export function cluster(index: number, ...path: Path): Path {
  return ['static_resources', 'clusters', index, ...path];
}

export const router = {
  name: 'envoy.filters.http.router',
  typed_config: { '@type': `${v3}.extensions.filters.http.router.v3.Router` },
};

/** A script that does nothing. */
export const otherLua = {
  name: 'other',
  typed_config: {
    '@type': `${v3}.extensions.filters.http.lua.v3.Lua`,
    default_source_code: { inline_string: 'function envoy_on_request(handle) end' },
  },
};

/** A filter that makes everybody x. */
export const setsUser = {
  name: 'envoy.filters.http.header_mutation',
  typed_config: {
    '@type': `${v3}.extensions.filters.http.header_mutation.v3.HeaderMutation`,
    mutations: {
      request_mutations: [{ append: { header: { key: 'Impersonate-User', value: 'x' } } }],
    },
  },
};
