// Watches, logs and shells: requests that last.
import { at, isSet, items, milliseconds, text, type Field } from '../field.ts';
import { brokenIf, shown, type Broken } from '../finding.ts';
import type { GuardedManager } from '../envoy-config.ts';
import { forwarding, type Route } from '../routes.ts';
import { eachGuarded, sources, type EnvoyRule } from './envoy-rule.ts';

const upgradeTypes: EnvoyRule = {
  id: 'F25',
  severity: 'warning',
  title: 'WebSocket and SPDY upgrades are let through',
  why: 'Of an upgrade that is not listed Envoy answers 403 without a check, which looks like a denial: exec, attach, cp and port-forward fail.',
  fix: 'Set upgrade_configs: [{ upgrade_type: websocket }, { upgrade_type: SPDY/3.1 }].',
  source: sources.upgrades,
  check: (config) =>
    eachGuarded(config, (manager) =>
      ['websocket', 'spdy/3.1'].flatMap((type) => {
        const actions = forwarding(manager.routes).map(({ action }) => action);
        const isAtRoutes = actions.some((action) => lists(action, type));
        const field = at(manager.config, 'upgrade_configs');
        return brokenIf(!lists(manager.config, type) && !isAtRoutes, field, `it lacks ${type}`);
      }),
    ),
};

function lists(holder: Field, type: string): boolean {
  return items(at(holder, 'upgrade_configs')).some(
    (one) =>
      text(at(one, 'upgrade_type'))?.toLowerCase() === type && at(one, 'enabled').value !== false,
  );
}

const timeouts: EnvoyRule = {
  id: 'F26',
  severity: 'warning',
  title: 'nothing ends a watch or an idle shell within the hour',
  why: 'Routes time out after 15 s and streams after 5 idle minutes by default: watches break, `logs -f` and shells end.',
  fix: 'Set timeout: 0s on every route, stream_idle_timeout: 0s and request_timeout: 0s, and leave max_stream_duration and max_connection_duration out.',
  source: sources.timeouts,
  check: (config) =>
    eachGuarded(config, (manager) => [
      ...forwarding(manager.routes).flatMap((route) => routeTimeouts(route, manager)),
      ...managerTimeouts(manager),
    ]),
};

function routeTimeouts({ action }: Route, { config }: GuardedManager): readonly Broken[] {
  const idle = at(action, 'idle_timeout');
  const fallback = at(config, 'stream_idle_timeout');
  const longest = at(action, 'max_stream_duration', 'max_stream_duration');
  return [
    ...tooShort(at(action, 'timeout'), '15 s'),
    ...tooShort(isSet(idle) ? idle : fallback, '5 minutes'),
    ...tooShort(longest),
  ];
}

function managerTimeouts({ config }: GuardedManager): readonly Broken[] {
  const common = at(config, 'common_http_protocol_options');
  return ['max_stream_duration', 'max_connection_duration'].flatMap((name) =>
    tooShort(at(common, name)),
  );
}

const hourMs = 3_600_000;

/** 0 is without end; what isn't set is the default, if there is one. */
function tooShort(field: Field, byDefault?: string): readonly Broken[] {
  if (!isSet(field)) return brokenIf(byDefault !== undefined, field, `it is not set: ${byDefault}`);
  const length = milliseconds(field) ?? 0;
  return brokenIf(length > 0 && length < hourMs, field, `it is ${shown(field)}`);
}

export const streamRules: readonly EnvoyRule[] = [upgradeTypes, timeouts];
