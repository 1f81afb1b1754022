// What single routes change of the check.
import { at, isSet, isTrue, unwrapped, type Field } from '../field.ts';
import { shown, type Broken } from '../finding.ts';
import { authzClusterName, perFilter, type GuardedManager } from '../envoy-config.ts';
import { isFinisher } from '../http-filters.ts';
import { eachGuarded, scopesOf, sources, type EnvoyRule } from './envoy-rule.ts';

const routeOverrides: EnvoyRule = {
  id: 'F6',
  severity: 'error',
  title: 'no route turns the check or the finisher off, or asks somebody else',
  why: 'typed_per_filter_config may disable a filter for a route, or send its checks to another service, which then decides who the user is.',
  fix: 'Remove the entry from typed_per_filter_config.',
  source: sources.cve('CVE-2026-47205'),
  check: (config) =>
    eachGuarded(config, (manager) =>
      scopesOf(manager).flatMap((scope) => overridesIn(scope, manager)),
    ),
};

function overridesIn(scope: Field, { authz, filters }: GuardedManager): readonly Broken[] {
  const guards = new Set([authz, ...filters.filter(isFinisher)].map(({ name }) => name));
  return perFilter(scope).flatMap(([name, override]) => {
    const { type = '', ...settings } = unwrapped(override);
    const inner = type === 'FilterConfig' ? unwrapped(at(settings, 'config')) : settings;
    if (!guards.has(name) && type !== 'ExtAuthzPerRoute') return [];
    if (isTrue(at(settings, 'disabled')) || isTrue(at(inner, 'disabled'))) {
      return [{ field: override, found: `${name} is disabled here` }];
    }
    const service = ['grpc_service', 'http_service']
      .map((key) => at(inner, 'check_settings', key))
      .find(isSet);
    const isSame =
      service && at(service, 'envoy_grpc', 'cluster_name').value === authzClusterName(authz.config);
    const script = ['name', 'source_code'].map((key) => at(inner, key)).find(isSet);
    return [
      ...(service && !isSame ? [{ field: service, found: 'another service is asked here' }] : []),
      ...(type === 'LuaPerRoute' && script
        ? [{ field: script, found: 'another script runs here' }]
        : []),
    ];
  });
}

const unseenRoutes: EnvoyRule = {
  id: 'F43',
  severity: 'info',
  title: 'the routes are in what was looked at',
  why: 'Rules about routes say nothing about routes that come by RDS and were not given.',
  fix: "Give Envoy's admin address, or what its /config_dump?include_eds answers, in place of the bootstrap.",
  source: sources.admin,
  check: (config) =>
    eachGuarded(config, (manager) =>
      manager.unseenRoutes.map((field) => ({
        field,
        found: `routes come from elsewhere: ${shown(field)}`,
      })),
    ),
};

export const overrideRules: readonly EnvoyRule[] = [routeOverrides, unseenRoutes];
