// Whether every request is checked, and stops when it can't be.
import { at, isSet, isTrue, number, enumName, type Field } from '../field.ts';
import { brokenIfTrue, brokenIf, type Broken } from '../finding.ts';
import { perFilter, authzClusterName, type GuardedManager } from '../envoy-config.ts';
import { isDisabled, isFinisher } from '../http-filters.ts';
import { forwarding } from '../routes.ts';
import { eachAuthz, eachGuarded, sources, type EnvoyRule } from './envoy-rule.ts';

const hasExtAuthz: EnvoyRule = {
  id: 'F0',
  severity: 'error',
  title: 'a connection manager has an ext_authz filter that asks a gRPC service',
  why: 'Without it no request is checked, and kube-ext-authz speaks gRPC alone.',
  fix: 'Put envoy.filters.http.ext_authz with grpc_service.envoy_grpc into http_filters, as envoy/bootstrap.yaml does.',
  source: sources.extAuthz,
  check: (config) => [
    ...brokenIf(config.guarded.length === 0, config.root, 'no ext_authz filter was found'),
    ...eachAuthz(config, (settings) =>
      brokenIf(
        isSet(settings) && authzClusterName(settings) === undefined,
        at(settings, 'grpc_service'),
        'it names no cluster in grpc_service.envoy_grpc',
      ),
    ),
  ],
};

const failureMode: EnvoyRule = {
  id: 'F1',
  severity: 'error',
  title: 'ext_authz fails closed',
  why: 'With failure_mode_allow a request goes on when kube-ext-authz is down, slow or answers badly.',
  fix: 'Set failure_mode_allow: false.',
  source: sources.cve('CVE-2023-27488'),
  check: (config) =>
    eachAuthz(config, (settings) => brokenIfTrue(at(settings, 'failure_mode_allow'))),
};

const shadowMode: EnvoyRule = {
  id: 'F2',
  severity: 'error',
  title: 'ext_authz is not in shadow mode',
  why: 'In shadow mode a denial is written down and the request goes on.',
  fix: 'Remove shadow_mode.',
  source: sources.extAuthz,
  check: (config) => eachAuthz(config, (settings) => brokenIfTrue(at(settings, 'shadow_mode'))),
};

const filterEnabled: EnvoyRule = {
  id: 'F3',
  severity: 'error',
  title: 'ext_authz can not be switched off for some requests',
  why: 'filter_enabled below 100 %, or with a runtime key, lets requests pass unchecked unless deny_at_disable is on.',
  fix: 'Remove filter_enabled, or set deny_at_disable.default_value: true.',
  source: sources.extAuthz,
  check: (config) =>
    eachAuthz(config, (settings) => {
      const field = at(settings, 'filter_enabled');
      const mayBeOff =
        isSet(field) && (!isWhole(at(field, 'default_value')) || isSet(at(field, 'runtime_key')));
      return brokenIf(mayBeOff && !deniesWhenOff(settings), field, 'it may be off, and then open');
    }),
};

const filterEnabledMetadata: EnvoyRule = {
  id: 'F4',
  severity: 'error',
  title: 'ext_authz does not depend on metadata that may be missing',
  why: 'With filter_enabled_metadata a request without that metadata passes unchecked unless deny_at_disable is on.',
  fix: 'Set deny_at_disable.default_value: true (in Istio by an EnvoyFilter), or remove filter_enabled_metadata.',
  source: sources.extAuthz,
  check: (config) =>
    eachGuarded(config, ({ authz, authzIndex, filters }) => {
      const field = at(authz.config, 'filter_enabled_metadata');
      if (!isSet(field) || deniesWhenOff(authz.config)) return [];
      // Istio's producer: an RBAC filter whose shadow rules are the policy.
      const before = filters.slice(0, authzIndex);
      const isProduced = before.some(
        ({ type, config: one }) => type === 'RBAC' && isSet(at(one, 'shadow_rules')),
      );
      return [
        isProduced
          ? {
              field,
              severity: 'warning',
              found: 'only what an RBAC filter before it selects is checked',
            }
          : { field, found: 'no filter before it writes such metadata' },
      ];
    }),
};

const filterDisabled: EnvoyRule = {
  id: 'F5',
  severity: 'error',
  title: 'ext_authz and the finisher are on for every route',
  why: 'A filter with disabled: true runs only where a route turns it on; an optional one is left out in silence when Envoy lacks it.',
  fix: 'Remove disabled and is_optional from the filter, or turn it on for every route.',
  source: sources.manager,
  check: (config) =>
    eachGuarded(config, (manager) =>
      manager.filters
        .filter((filter) => filter === manager.authz || isFinisher(filter))
        .flatMap((filter) => [
          ...(isDisabled(filter) ? routesWithout(filter.name, manager) : []),
          ...brokenIf(
            isTrue(at(filter.entry, 'is_optional')),
            at(filter.entry, 'is_optional'),
            'it is optional',
          ),
        ]),
    ),
};

function routesWithout(name: string, { routes }: GuardedManager): readonly Broken[] {
  return forwarding(routes)
    .filter(({ scopes }) => !scopes.some((scope) => perFilter(scope).some(([key]) => key === name)))
    .map(({ field }) => ({
      field,
      found: `${name} is disabled, and this route does not turn it on`,
    }));
}

const denominators = ['HUNDRED', 'TEN_THOUSAND', 'MILLION'];

/** A FractionalPercent of 100 %; none is 0. */
function isWhole(percent: Field): boolean {
  const name = enumName(at(percent, 'denominator'), denominators) ?? 'HUNDRED';
  const whole = [100, 10_000, 1_000_000][denominators.indexOf(name)] ?? Infinity;
  return (number(at(percent, 'numerator')) ?? 0) >= whole;
}

function deniesWhenOff(settings: Field): boolean {
  return isTrue(at(settings, 'deny_at_disable', 'default_value'));
}

export const openDoorRules: readonly EnvoyRule[] = [
  hasExtAuthz,
  failureMode,
  shadowMode,
  filterEnabled,
  filterEnabledMetadata,
  filterDisabled,
];
