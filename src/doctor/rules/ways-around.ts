// Ways to the API server that pass no check, and copies of what went there.
import { at, isSet, items, text, unwrapped, within, type Field } from '../field.ts';
import { endpointsOf, type Cluster } from '../clusters.ts';
import type { EnvoyConfig } from '../envoy-config.ts';
import { forwarding } from '../routes.ts';
import { scopesOf, sources, type EnvoyRule } from './envoy-rule.ts';

const wayAround: EnvoyRule = {
  id: 'F29',
  severity: 'error',
  title: 'no other listener leads to the API server or to kube-ext-authz',
  why: "A way that does not pass ext_authz passes no check; whoever can ask kube-ext-authz directly reads the proxy's own token in its replies.",
  fix: 'Remove the listener or the route, or put ext_authz and the finisher there, too.',
  source: sources.edge,
  check: (config) => {
    const secret = new Set([
      ...samePlace(config, config.apiClusters),
      ...samePlace(config, config.authzClusters),
    ]);
    const isGuarded = new Set(config.guarded.map(({ config: { value } }) => value));
    const open = config.managers.filter((one) => !isGuarded.has(one.config.value));
    const routes = open.flatMap((manager) => forwarding(manager.routes));
    const authz = new Set(config.authzClusters.map(({ name }) => name));
    const guarded = config.guarded.flatMap((manager) => forwarding(manager.routes));
    return [
      ...routes
        .filter(({ clusters }) => clusters.some((name) => secret.has(name)))
        .map(({ field }) => field),
      ...guarded
        .filter(({ clusters }) => clusters.some((name) => authz.has(name)))
        .map(({ field }) => field),
      ...config.tcpProxies.filter((proxy) => tcpClusters(proxy).some((name) => secret.has(name))),
    ]
      .map((field) => ({ field, found: 'it leads past the check' }))
      .concat(
        [...routes, ...guarded]
          .map(({ action }) => at(action, 'cluster_header'))
          .filter(isSet)
          .map((field) => ({ field, found: 'the request itself says where it goes' })),
      );
  },
};

/** Their names, and the names of clusters with the same endpoints. */
function samePlace({ clusters }: EnvoyConfig, known: readonly Cluster[]): readonly string[] {
  const places = new Set(known.flatMap(placesOf));
  const others = clusters.filter((cluster) => placesOf(cluster).some((place) => places.has(place)));
  return [...known, ...others].map(({ name }) => name);
}

function placesOf(cluster: Cluster): readonly string[] {
  return endpointsOf(cluster).map(({ host, port }) => `${host} ${port}`);
}

function tcpClusters(proxy: Field): readonly string[] {
  const weighted = items(at(proxy, 'weighted_clusters', 'clusters')).map((one) => at(one, 'name'));
  return [at(proxy, 'cluster'), ...weighted].flatMap((name) => text(name) ?? []);
}

const copies: EnvoyRule = {
  id: 'F30',
  severity: 'error',
  title: 'requests and replies are not copied to anybody',
  why: "A mirrored or tapped request carries the user's identity and the proxy's own token; a tapped reply of kube-ext-authz, too.",
  fix: 'Remove request_mirror_policies, the tap filter and tap transport sockets.',
  source: sources.routes,
  check: (config) => {
    const scopes = config.guarded.flatMap((manager) => [
      ...scopesOf(manager),
      ...forwarding(manager.routes).map(({ action }) => action),
    ]);
    const mirrors = scopes
      .map((scope) => at(scope, 'request_mirror_policies'))
      .filter((one) => items(one).length > 0);
    const filters = config.guarded.flatMap((manager) =>
      manager.filters.filter(({ type }) => type === 'Tap'),
    );
    const sockets = [...config.apiClusters, ...config.authzClusters].flatMap((cluster) =>
      [...within(cluster.config)].filter((one) => unwrapped(one).type === 'Tap'),
    );
    return [
      ...mirrors.map((field) => ({ field, found: 'requests are mirrored' })),
      ...[...filters.map(({ entry }) => entry), ...sockets].map((field) => ({
        field,
        found: 'it is tapped',
      })),
    ];
  },
};

export const wayRules: readonly EnvoyRule[] = [wayAround, copies];
