// Envoy as a process: its admin interface, its logs, its version.
import { at, entries, isSet, items, text, within, type Field } from '../field.ts';
import type { Broken } from '../finding.ts';
import { isLocal, readAddress } from '../clusters.ts';
import type { EnvoyConfig } from '../envoy-config.ts';
import { textsWithin } from '../envoy-config.ts';
import { sources, type EnvoyRule } from './envoy-rule.ts';

const admin: EnvoyRule = {
  id: 'F39',
  severity: 'error',
  title: 'the admin interface is on this machine alone, and nothing is logged in detail',
  why: 'Whoever reaches the admin interface may stop Envoy, read its configuration and raise its log level; at trace the log has every bearer token.',
  fix: 'Bind admin.address to 127.0.0.1 or a Unix socket, and start Envoy with --log-level warning.',
  source: sources.admin,
  check: ({ admin: field, options }) => {
    const address = at(field, 'address');
    const isOpen = isSet(address) && !isLocal(readAddress(address));
    const level = at(options, 'log_level');
    const parts = at(options, 'component_log_level');
    return [
      ...(isOpen ? [{ field: address, found: 'others reach it' }] : []),
      ...[level, parts]
        .filter(isDetailed)
        .map((one) => ({ field: one, found: `it is ${text(one)}` })),
    ];
  },
};

function isDetailed(level: Field): boolean {
  return /\b(trace|debug)\b/.test(text(level) ?? '');
}

const secretHeader =
  /%REQ(_WITHOUT_QUERY)?\([^)]*\b(authorization|cookie|sec-websocket-protocol|proxy-authorization)\b/i;
const secretName = /^(authorization|cookie|sec-websocket-protocol|proxy-authorization)$/i;

const accessLogs: EnvoyRule = {
  id: 'F40',
  severity: 'error',
  title: 'no access log or trace has a credential',
  why: "authorization, cookie and sec-websocket-protocol hold bearer tokens; whoever reads the log can use them. Behind the check authorization is the proxy's own.",
  fix: 'Remove the header from the format, and from additional_request_headers_to_log and custom_tags.',
  source: sources.accessLog,
  check: (config) =>
    [
      ...logsOf(config).flatMap((log) => textsWithin(log, secretHeader)),
      ...logsOf(config).flatMap((log) =>
        [...within(log)]
          .flatMap((one) => [
            ...items(at(one, 'additional_request_headers_to_log')),
            at(one, 'request_header', 'name'),
          ])
          .filter((one) => secretName.test(text(one) ?? '')),
      ),
    ].map((field) => ({ field, found: 'it shows a credential' })),
};

/** Everything that writes down what a request was: wherever a listener or the admin interface has such. */
function logsOf({ listeners, admin: field }: EnvoyConfig): readonly Field[] {
  const names = ['access_log', 'upstream_log', 'tracing'];
  return [...listeners, field].flatMap((root) =>
    [...within(root)].flatMap((one) =>
      Array.isArray(one.value) ? [] : names.map((name) => at(one, name)).filter(isSet),
    ),
  );
}

const runtime: EnvoyRule = {
  id: 'F41',
  severity: 'warning',
  title: 'the runtime changes nothing that protects',
  why: "Runtime keys switch Envoy's fixes off (envoy.reloadable_features.*), and an admin layer lets whoever reaches the admin interface do so.",
  fix: 'Remove admin_layer and the keys envoy.reloadable_features.* from layered_runtime.',
  source: sources.runtime,
  check: ({ runtime: field }) =>
    items(at(field, 'layers')).flatMap((layer): readonly Broken[] => {
      const own = at(layer, 'admin_layer');
      const keys = [...within(at(layer, 'static_layer'))]
        .flatMap(entries)
        .filter(([, one]) => isGuardKey(one));
      return [
        ...(isSet(own)
          ? [{ field: own, found: 'keys can be set through the admin interface' }]
          : []),
        ...keys.map(([name, one]) => ({ field: one, found: `${name} is overridden` })),
      ];
    }),
};

/** Dots in keys may be levels as well. */
function isGuardKey({ path, value }: Field): boolean {
  const key = path.join('.');
  return typeof value !== 'object' && /\benvoy\.(reloadable|restart)_features\./.test(key);
}

/** The first patch without CVE-2026-47205, by minor version. */
const firstGood: ReadonlyMap<number, number> = new Map([
  [36, 9],
  [37, 5],
  [38, 3],
]);
const firstGoodMinor = 39;

const version: EnvoyRule = {
  id: 'F42',
  severity: 'error',
  title: 'Envoy has the fixes that it needs',
  why: 'Before 1.36.9, 1.37.5, 1.38.3 and 1.39.0 a client that breaks off during a check may crash Envoy or worse.',
  fix: 'Use 1.39.0 or newer, or a newer patch of 1.36 to 1.38.',
  source: sources.cve('CVE-2026-47205'),
  check: ({ version: found }) => {
    if (!found || found.major !== 1 || found.minor >= firstGoodMinor) return [];
    const { field, minor, patch } = found;
    const isGood = patch >= (firstGood.get(minor) ?? Infinity);
    return isGood ? [] : [{ field, found: `it is 1.${minor}.${patch}` }];
  },
};

export const processRules: readonly EnvoyRule[] = [admin, accessLogs, runtime, version];
