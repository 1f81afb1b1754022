// What the rules about an Envoy have in common.
import type { EnvoyConfig, GuardedManager } from '../envoy-config.ts';
import type { Field } from '../field.ts';
import { pathText } from '../field.ts';
import type { Broken, Rule } from '../finding.ts';
import { forwarding } from '../routes.ts';

export type EnvoyRule = Rule<EnvoyConfig>;

const api = 'https://www.envoyproxy.io/docs/envoy/latest/api-v3';
const docs = 'https://www.envoyproxy.io/docs/envoy/latest';

/** Where Envoy's own documentation tells of each thing. */
export const sources = {
  extAuthz: `${api}/extensions/filters/http/ext_authz/v3/ext_authz.proto`,
  mutationRules: `${api}/config/common/mutation_rules/v3/mutation_rules.proto`,
  httpFilter: `${docs}/configuration/http/http_filters/ext_authz_filter`,
  lua: `${api}/extensions/filters/http/lua/v3/lua.proto`,
  manager: `${api}/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto`,
  protocol: `${api}/config/core/v3/protocol.proto`,
  routes: `${api}/config/route/v3/route_components.proto`,
  cluster: `${api}/config/cluster/v3/cluster.proto`,
  breakers: `${api}/config/cluster/v3/circuit_breaker.proto`,
  health: `${api}/config/core/v3/health_check.proto`,
  tls: `${api}/extensions/transport_sockets/tls/v3/tls.proto`,
  upstreamHttp: `${api}/extensions/upstreams/http/v3/http_protocol_options.proto`,
  upgrades: `${docs}/intro/arch_overview/http/upgrades`,
  timeouts: `${docs}/faq/configuration/timeouts`,
  edge: `${docs}/configuration/best_practices/edge`,
  headers: `${docs}/configuration/http/http_conn_man/headers`,
  accessLog: `${docs}/configuration/observability/access_log/usage`,
  runtime: `${docs}/configuration/operations/runtime`,
  admin: `${docs}/operations/admin`,
  bootstrap: `${api}/config/bootstrap/v3/bootstrap.proto`,
  cve: (id: string) => `https://nvd.nist.gov/vuln/detail/${id}`,
} as const;

/** Every guarded manager put to one question. */
export function eachGuarded(
  { guarded }: EnvoyConfig,
  ask: (manager: GuardedManager) => readonly Broken[],
): readonly Broken[] {
  return guarded.flatMap(ask);
}

/** Every ext_authz filter's settings put to one question. */
export function eachAuthz(
  config: EnvoyConfig,
  ask: (settings: Field) => readonly Broken[],
): readonly Broken[] {
  return eachGuarded(config, ({ authz }) => ask(authz.config));
}

/** Routes that lead somewhere, their virtual hosts, weighted clusters and configurations, each once. */
export function scopesOf({ routes }: GuardedManager): readonly Field[] {
  const all = forwarding(routes).flatMap(({ scopes }) => scopes);
  return [...new Map(all.map((field) => [pathText(field.path), field])).values()];
}
