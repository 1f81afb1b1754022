// What the two configurations together make of a request.
import { at, isTrue, items, number } from '../field.ts';
import { brokenIf, shown } from '../finding.ts';
import { eachGuarded, sources } from './envoy-rule.ts';
import type { PairRule } from './pair-rule.ts';

const clientAddress: PairRule = {
  id: 'X5',
  severity: 'warning',
  title: "extra.clientIP is the client's address",
  why: "It is the peer of Envoy's connection: behind another proxy that is the proxy, whatever x-forwarded-for says.",
  fix: 'Have the load balancer keep addresses (or use PROXY protocol with envoy.filters.listener.proxy_protocol), or leave extra.clientIP out.',
  source: sources.headers,
  check: ({ config, envoy }) => {
    if (!config.extra.clientIP) return [];
    const keepsAddresses = envoy.listeners.some((listener) =>
      items(at(listener, 'listener_filters')).some((one) =>
        String(at(one, 'name').value).endsWith('proxy_protocol'),
      ),
    );
    if (keepsAddresses) return [];
    return eachGuarded(envoy, ({ config: manager }) => {
      const hops = at(manager, 'xff_num_trusted_hops');
      const remote = at(manager, 'use_remote_address');
      return [
        ...brokenIf((number(hops) ?? 0) > 0, hops, `${shown(hops)} proxies are in front of Envoy`),
        ...brokenIf(!isTrue(remote), remote, 'Envoy is not at the edge'),
      ];
    });
  },
};

/** What a request has besides the values that we count. */
const ordinaryLines = 40;

const limits: PairRule = {
  id: 'X6',
  severity: 'warning',
  title: "what we may add fits into Envoy's limits",
  why: 'A header map above the limits after the check is answered with 500.',
  fix: 'Raise common_http_protocol_options.max_headers_count and max_request_headers_kb.',
  source: sources.protocol,
  check: ({ config, envoy, identity }) =>
    eachGuarded(envoy, ({ config: manager }) => {
      const countField = at(manager, 'common_http_protocol_options', 'max_headers_count');
      const sizeField = at(manager, 'max_request_headers_kb');
      const count = number(countField) ?? 100;
      const kilobytes = number(sizeField) ?? 60;
      const statics = Object.values(config.extra.static).flat().length;
      const own = config.impersonation.maxHeaderValues + statics + ordinaryLines;
      const { lines = 0, bytes = 0 } = identity ?? {};
      return [
        ...brokenIf(
          own > count,
          countField,
          `${count} lines are less than the ${own} of a large request`,
        ),
        ...[
          ...brokenIf(
            lines > count,
            countField,
            `the user of --token-file needs ${lines} lines, and ${count} are let through`,
          ),
          ...brokenIf(
            bytes > kilobytes * 1024,
            sizeField,
            `the user of --token-file needs ${Math.ceil(bytes / 1024)} KiB, and ${kilobytes} are let through`,
          ),
        ].map((one) => ({ ...one, severity: 'error' as const })),
      ];
    }),
};

export const requestRules: readonly PairRule[] = [clientAddress, limits];
