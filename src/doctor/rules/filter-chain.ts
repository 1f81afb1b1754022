// The order of the filters around the check, and chains beside it.
import { at, isSet, isTrue, items, text, unwrapped } from '../field.ts';
import type { Broken } from '../finding.ts';
import { perFilter, type GuardedManager } from '../envoy-config.ts';
import { headerChanges, identityMutations } from '../header-changes.ts';
import { httpFilters, isFinisher, isGuard } from '../http-filters.ts';
import { forwarding } from '../routes.ts';
import { eachGuarded, scopesOf, sources, type EnvoyRule } from './envoy-rule.ts';

/** Filters that answer or send a request off by themselves. */
const terminal: ReadonlySet<string | undefined> = new Set([
  'AwsLambda',
  'Router',
  'DirectResponse',
  'FileServer',
]);

const order: EnvoyRule = {
  id: 'F7',
  severity: 'error',
  title: 'nothing forwards before ext_authz, and nothing changes the identity around it',
  why: 'What runs before the check may send a request off unchecked or bring headers of an identity; what runs after it may change what was decided.',
  fix: 'Put ext_authz first, the finisher right behind it, the router last, and no other filter that changes request headers.',
  source: sources.httpFilter,
  check: (config) =>
    eachGuarded(config, (manager) => [...routerLast(manager), ...strangers(manager)]),
};

function routerLast({ filters, config }: GuardedManager): readonly Broken[] {
  if (filters.at(-1)?.type === 'Router') return [];
  return [{ field: at(config, 'http_filters'), found: 'the router is not the last filter' }];
}

function strangers(manager: GuardedManager): readonly Broken[] {
  const { filters, authz, authzIndex, config } = manager;
  const chain = filters.flatMap((filter, index) => {
    const isBefore = index < authzIndex;
    if (filter === authz || (isFinisher(filter) && !isBefore)) return [];
    if (!isBefore || !terminal.has(filter.type)) {
      return headerChanges(filter, isBefore ? 'before' : 'after');
    }
    const found = `${filter.name} answers or forwards before the check`;
    return [{ field: filter.entry, found }];
  });
  const early = items(at(config, 'early_header_mutation_extensions'));
  const perRoute = scopesOf(manager)
    .flatMap(perFilter)
    .map(([, any]) => unwrapped(any))
    .filter(({ type }) => type === 'HeaderMutationPerRoute');
  const others = [...early.map((one) => at(one, 'typed_config')), ...perRoute];
  return [...chain, ...others.flatMap(identityMutations)];
}

const upgradeChains: EnvoyRule = {
  id: 'F8',
  severity: 'error',
  title: 'upgrades go through ext_authz and the finisher',
  why: 'upgrade_configs[].filters replaces the whole chain: without ext_authz in it, exec and port-forward are not checked.',
  fix: 'Remove filters from the entry of upgrade_configs.',
  source: sources.upgrades,
  check: (config) =>
    eachGuarded(config, (manager) =>
      items(at(manager.config, 'upgrade_configs')).flatMap((upgrade) => {
        const own = httpFilters(at(upgrade, 'filters'));
        const isWhole = own.some(isGuard) && own.some(isFinisher);
        if (own.length === 0 || isWhole) return [];
        const lacks = own.some(isGuard) ? 'the finisher' : 'ext_authz';
        return [{ field: at(upgrade, 'filters'), found: `this chain lacks ${lacks}` }];
      }),
    ),
};

const connect: EnvoyRule = {
  id: 'F9',
  severity: 'error',
  title: 'CONNECT is not proxied',
  why: 'CONNECT opens a tunnel: what is sent in it is not checked.',
  fix: 'Remove the upgrade type CONNECT, connect_config and connect_matcher.',
  source: sources.upgrades,
  check: (config) =>
    eachGuarded(config, ({ config: manager, routes }) => {
      const actions = forwarding(routes);
      const upgrades = [manager, ...actions.map(({ action }) => action)].flatMap((holder) =>
        items(at(holder, 'upgrade_configs')),
      );
      return [
        ...upgrades.flatMap((upgrade) => [
          at(upgrade, 'upgrade_type'),
          at(upgrade, 'connect_config'),
        ]),
        ...actions.map(({ field }) => at(field, 'match', 'connect_matcher')),
      ]
        .filter(
          (field) =>
            isSet(field) && (text(field) === undefined || /^connect/i.test(text(field) ?? '')),
        )
        .map((field) => ({ field, found: 'CONNECT is let through' }));
    }),
};

const finisher: EnvoyRule = {
  id: 'F20',
  severity: 'error',
  title: 'the finisher runs after ext_authz',
  why: 'ext_authz over gRPC sends each header once: without the finisher a user has no groups and no extras, and nothing stops a request that passed undecided.',
  fix: 'Put the Lua filter with envoy/finisher.lua between ext_authz and the router.',
  source: sources.lua,
  check: (config) =>
    eachGuarded(config, ({ filters, authzIndex, config: manager }) => {
      const index = filters.findLastIndex(isFinisher);
      if (index > authzIndex) return [];
      const found =
        index < 0 ? 'no Lua filter reads the decision' : 'the finisher runs before ext_authz';
      const field = filters[index]?.entry ?? at(manager, 'http_filters');
      return [{ field, found }];
    }),
};

const routeCache: EnvoyRule = {
  id: 'F18',
  severity: 'warning',
  title: 'the route that was checked is the route that is taken',
  why: 'With clear_route_cache the route is chosen again after headers were changed: it may be one with other rules.',
  fix: 'Set clear_route_cache: false on ext_authz and on the finisher (whose default is true).',
  source: sources.extAuthz,
  check: (config) =>
    eachGuarded(config, ({ authz, authzIndex, filters }) => {
      const own = at(authz.config, 'clear_route_cache');
      const scripts = filters.slice(authzIndex).filter(isFinisher);
      return [
        ...(isTrue(own) ? [{ field: own, found: 'ext_authz clears the route' }] : []),
        ...scripts
          .map(({ config: script }) => at(script, 'clear_route_cache'))
          .filter(({ value }) => value !== false)
          .map((field) => ({ field, found: 'the finisher clears the route' })),
      ];
    }),
};

export const filterChainRules: readonly EnvoyRule[] = [
  order,
  upgradeChains,
  connect,
  routeCache,
  finisher,
];
