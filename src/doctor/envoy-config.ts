// An Envoy's configuration as its rules see it, wherever it came from: a bootstrap, or what the admin
// interface dumps, with the parts that came by xDS.
import { apiClusters, clusterNamed, type Cluster } from './clusters.ts';
import { httpFilters, isGuard, type HttpFilter } from './http-filters.ts';
import { at, entries, isSet, items, text, typeOf, unwrapped, within, type Field } from './field.ts';
import { readRouteTable, type RouteTable } from './routes.ts';
import { versionOf, type EnvoyVersion } from './envoy-version.ts';

export interface EnvoyConfig {
  readonly root: Field;
  /** Every http_connection_manager of every listener. */
  readonly managers: readonly Manager[];
  /** Those that ask ext_authz: the ones that the rules are about. */
  readonly guarded: readonly GuardedManager[];
  /** Every tcp_proxy of every listener. */
  readonly tcpProxies: readonly Field[];
  readonly clusters: readonly Cluster[];
  /** Who answers the checks. */
  readonly authzClusters: readonly Cluster[];
  /** Where guarded requests go. */
  readonly apiClusters: readonly Cluster[];
  readonly listeners: readonly Field[];
  /** Value undefined: it isn't there, or not to be seen. */
  readonly admin: Field;
  readonly runtime: Field;
  /** Undefined: the configuration doesn't tell. */
  readonly version: EnvoyVersion | undefined;
  /** command_line_options of a live Envoy. */
  readonly options: Field;
}

export interface Manager {
  readonly config: Field;
  readonly filters: readonly HttpFilter[];
  readonly routes: RouteTable;
  /** RDS or SRDS routes that aren't in what was given. */
  readonly unseenRoutes: readonly Field[];
}

export interface GuardedManager extends Manager {
  readonly authz: HttpFilter;
  readonly authzIndex: number;
}

/** Reads a bootstrap or a config_dump. Throws a sentence when it is neither. */
export function readEnvoyConfig(root: Field, serverInfo?: Field): EnvoyConfig {
  const parts = isSet(at(root, 'configs')) ? partsOfDump(root) : partsOfBootstrap(root);
  const found = parts.listeners.flatMap((listener) => [...within(listener)]);
  const managers = found
    .filter((field) => unwrapped(field).type === 'HttpConnectionManager')
    .map((field) => readManager(unwrapped(field), parts));
  const guarded = managers.flatMap(asGuarded);
  const names = new Set(guarded.flatMap(({ authz }) => authzClusterName(authz.config) ?? []));
  return {
    root,
    managers,
    guarded,
    tcpProxies: found.map(unwrapped).filter(({ type }) => type === 'TcpProxy'),
    clusters: parts.clusters,
    authzClusters: [...names].flatMap((name) => clusterNamed(parts.clusters, name)),
    apiClusters: apiClusters(guarded, parts.clusters),
    listeners: parts.listeners,
    admin: parts.admin,
    runtime: parts.runtime,
    version: versionOf(parts.bootstrap, serverInfo),
    options: serverInfo ? at(serverInfo, 'command_line_options') : nothing(root),
  };
}

/** The cluster that a check is sent to. */
export function authzClusterName(config: Field): string | undefined {
  return text(at(config, 'grpc_service', 'envoy_grpc', 'cluster_name'));
}

interface Parts {
  readonly bootstrap: Field;
  readonly listeners: readonly Field[];
  readonly clusters: readonly Cluster[];
  readonly routeConfigs: readonly Field[];
  readonly filterConfigs: readonly Field[];
  readonly admin: Field;
  readonly runtime: Field;
}

function partsOfBootstrap(root: Field): Parts {
  const known = ['static_resources', 'dynamic_resources', 'admin', 'node'];
  if (!known.some((name) => isSet(at(root, name)))) {
    throw new Error('it is neither an Envoy bootstrap nor what /config_dump answers');
  }
  return {
    bootstrap: root,
    listeners: items(at(root, 'static_resources', 'listeners')),
    clusters: items(at(root, 'static_resources', 'clusters')).map((config) =>
      withEndpoints(config),
    ),
    routeConfigs: [],
    filterConfigs: [],
    admin: at(root, 'admin'),
    runtime: at(root, 'layered_runtime'),
  };
}

function partsOfDump(root: Field): Parts {
  const configs = items(at(root, 'configs'));
  const dumps = (type: string): readonly Field[] => configs.filter((one) => typeOf(one) === type);
  const listed = (type: string, ...places: readonly (readonly string[])[]): readonly Field[] =>
    dumps(type).flatMap((dump) =>
      places.flatMap(([list = '', ...path]) =>
        items(at(dump, list)).map((one) => unwrapped(at(one, ...path))),
      ),
    );
  const [dump] = dumps('BootstrapConfigDump');
  const bootstrap = dump ? at(dump, 'bootstrap') : nothing(root);
  const endpoints = listed(
    'EndpointsConfigDump',
    ['static_endpoint_configs', 'endpoint_config'],
    ['dynamic_endpoint_configs', 'endpoint_config'],
  );
  return {
    bootstrap,
    listeners: listed(
      'ListenersConfigDump',
      ['static_listeners', 'listener'],
      ['dynamic_listeners', 'active_state', 'listener'],
      ['dynamic_listeners', 'warming_state', 'listener'],
    ).filter(isSet),
    clusters: listed(
      'ClustersConfigDump',
      ['static_clusters', 'cluster'],
      ['dynamic_active_clusters', 'cluster'],
      ['dynamic_warming_clusters', 'cluster'],
    ).map((config) => withEndpoints(config, endpoints)),
    routeConfigs: listed('RoutesConfigDump', ['dynamic_route_configs', 'route_config']),
    filterConfigs: listed('EcdsConfigDump', ['ecds_filters', 'ecds_filter']),
    admin: at(bootstrap, 'admin'),
    runtime: at(bootstrap, 'layered_runtime'),
  };
}

function withEndpoints(config: Field, dumped: readonly Field[] = []): Cluster {
  const name = text(at(config, 'name')) ?? '';
  const own = at(config, 'load_assignment');
  const known = dumped.find((one) => text(at(one, 'cluster_name')) === name);
  return { name, config, assignment: isSet(own) ? own : (known ?? own) };
}

function readManager(config: Field, { routeConfigs, filterConfigs }: Parts): Manager {
  const inline = at(config, 'route_config');
  const rds = at(config, 'rds');
  const named = routeConfigs.filter(
    (one) => text(at(one, 'name')) === text(at(rds, 'route_config_name')),
  );
  const scoped = at(config, 'scoped_routes');
  const seen = isSet(inline) ? [inline] : isSet(scoped) ? [] : named;
  const isUnseen = seen.length === 0 && (isSet(rds) || isSet(scoped));
  return {
    config,
    filters: httpFilters(at(config, 'http_filters'), filterConfigs),
    routes: readRouteTable(seen),
    unseenRoutes: isUnseen ? [isSet(rds) ? rds : scoped] : [],
  };
}

function asGuarded(manager: Manager): readonly GuardedManager[] {
  const authzIndex = manager.filters.findIndex(isGuard);
  const authz = manager.filters[authzIndex];
  return authz ? [{ ...manager, authz, authzIndex }] : [];
}

function nothing({ path }: Field): Field {
  return { value: undefined, path };
}

/** Whether any value in it is text that matches. */
export function textsWithin(field: Field, pattern: RegExp): readonly Field[] {
  return [...within(field)].filter((one) => pattern.test(text(one) ?? ''));
}

/** The keys and values of a map of a filter's per-route settings. */
export function perFilter(holder: Field): readonly (readonly [name: string, Field])[] {
  return entries(at(holder, 'typed_per_filter_config'));
}
