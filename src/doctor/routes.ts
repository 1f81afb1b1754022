// The routes of a connection manager, flat, with all that applies to each.
import { at, isSet, items, text, unwrapped, within, type Field } from './field.ts';

export interface RouteTable {
  readonly configs: readonly Field[];
  readonly hosts: readonly VirtualHost[];
  readonly routes: readonly Route[];
}

export interface VirtualHost {
  readonly field: Field;
  readonly routes: readonly Route[];
}

export interface Route {
  /** The whole route. */
  readonly field: Field;
  /** Its `route`, when it forwards. */
  readonly action: Field;
  /** The clusters that it names. */
  readonly clusters: readonly string[];
  /** Route, its weighted clusters, virtual host and route configuration: innermost first. */
  readonly scopes: readonly Field[];
}

export function readRouteTable(configs: readonly Field[]): RouteTable {
  const hosts = configs.flatMap((config) =>
    items(at(config, 'virtual_hosts')).map((host) => readHost(host, config)),
  );
  return { configs, hosts, routes: hosts.flatMap(({ routes }) => routes) };
}

function readHost(host: Field, config: Field): VirtualHost {
  const matched = [...within(at(host, 'matcher'))].map(unwrapped);
  const found = [...items(at(host, 'routes')), ...matched.filter(({ type }) => type === 'Route')];
  return { field: host, routes: found.map((route) => readRoute(route, host, config)) };
}

function readRoute(field: Field, host: Field, config: Field): Route {
  const action = at(field, 'route');
  const weighted = items(at(action, 'weighted_clusters', 'clusters'));
  const names = [at(action, 'cluster'), ...weighted.map((one) => at(one, 'name'))];
  return {
    field,
    action,
    clusters: names.flatMap((name) => text(name) ?? []),
    scopes: [field, ...weighted, host, config],
  };
}

/** Whether a request can be forwarded by it; others answer by themselves. */
export function forwards({ action }: Route): boolean {
  return isSet(action);
}

/** The routes of a manager that lead anywhere. */
export function forwarding({ routes }: RouteTable): readonly Route[] {
  return routes.filter(forwards);
}
