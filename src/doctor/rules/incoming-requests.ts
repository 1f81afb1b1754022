// How a connection manager takes requests in.
import { at, enumName, isSet, isTrue, items, number } from '../field.ts';
import { brokenIf, shown } from '../finding.ts';
import { eachGuarded, sources, type EnvoyRule } from './envoy-rule.ts';

/** A hundred lines of a client's own, and as many groups. */
const leastHeaders = 200;
/** A bearer token may have 64 KiB; a user's groups come on top. */
const leastKilobytes = 128;

const limits: EnvoyRule = {
  id: 'F21',
  severity: 'warning',
  title: 'a large token and a user of many groups fit',
  why: 'The limits (by default 100 lines, 60 KiB) count again after the check: whoever has more groups gets 500 for every request.',
  fix: 'Set common_http_protocol_options.max_headers_count: 1000 and max_request_headers_kb: 256.',
  source: sources.protocol,
  check: (config) =>
    eachGuarded(config, ({ config: manager }) => {
      const count = at(manager, 'common_http_protocol_options', 'max_headers_count');
      const size = at(manager, 'max_request_headers_kb');
      return [
        ...brokenIf((number(count) ?? 100) < leastHeaders, count, `it is ${shown(count)}`),
        ...brokenIf((number(size) ?? 60) < leastKilobytes, size, `it is ${shown(size)}`),
      ];
    }),
};

const underscores: EnvoyRule = {
  id: 'F22',
  severity: 'warning',
  title: 'headers with underscores are refused',
  why: 'Some servers read impersonate_user as impersonate-user.',
  fix: 'Set common_http_protocol_options.headers_with_underscores_action: REJECT_REQUEST.',
  source: sources.edge,
  check: (config) =>
    eachGuarded(config, ({ config: manager }) => {
      const field = at(manager, 'common_http_protocol_options', 'headers_with_underscores_action');
      const action = enumName(field, ['ALLOW', 'REJECT_REQUEST', 'DROP_HEADER']) ?? 'ALLOW';
      return brokenIf(action === 'ALLOW', field, `it is ${shown(field)}`);
    }),
};

const slashActions = [
  'IMPLEMENTATION_SPECIFIC_DEFAULT',
  'KEEP_UNCHANGED',
  'REJECT_REQUEST',
  'UNESCAPE_AND_REDIRECT',
  'UNESCAPE_AND_FORWARD',
];

const paths: EnvoyRule = {
  id: 'F23',
  severity: 'warning',
  title: 'the path that is checked is the path that goes upstream',
  why: '`..`, `//` and `%2F` mean one thing to whoever checks and another to whoever serves.',
  fix: 'Set normalize_path: true, merge_slashes: true and path_with_escaped_slashes_action: REJECT_REQUEST.',
  source: sources.cve('CVE-2021-29492'),
  check: (config) =>
    eachGuarded(config, ({ config: manager }) => {
      const normalize = at(manager, 'normalize_path');
      const merge = at(manager, 'merge_slashes');
      const field = at(manager, 'path_with_escaped_slashes_action');
      const action = enumName(field, slashActions);
      const severity = action === 'UNESCAPE_AND_FORWARD' ? 'error' : 'warning';
      return [
        ...brokenIf(!isTrue(normalize), normalize, `it is ${shown(normalize)}`),
        ...brokenIf(!isTrue(merge), merge, `it is ${shown(merge)}`),
        ...(action === 'REJECT_REQUEST'
          ? []
          : [{ field, severity, found: `it is ${shown(field)}` } as const]),
      ];
    }),
};

const clientAddress: EnvoyRule = {
  id: 'F24',
  severity: 'warning',
  title: 'who the client is, is said outright',
  why: 'Without use_remote_address a client writes its own x-forwarded-for, and with it the audit log; clients from "internal" ranges may send x-envoy-* headers.',
  fix: "At the edge set use_remote_address: true, xff_num_trusted_hops to the number of proxies in front, and internal_address_config with a range of nobody's.",
  source: sources.cve('CVE-2024-45806'),
  check: (config) =>
    eachGuarded(config, ({ config: manager }) => {
      const remote = at(manager, 'use_remote_address');
      const hops = at(manager, 'xff_num_trusted_hops');
      const internal = at(manager, 'internal_address_config');
      const isExplicit = items(at(internal, 'cidr_ranges')).length > 0;
      return [
        ...brokenIf(!isTrue(remote), remote, `it is ${shown(remote)}`),
        // A dump leaves zero out, so only a wrong combination can be told.
        ...brokenIf(!isTrue(remote) && !isSet(hops), hops, 'it is not set'),
        ...brokenIf(!isExplicit, internal, 'it names no range'),
      ];
    }),
};

export const incomingRules: readonly EnvoyRule[] = [limits, underscores, paths, clientAddress];
