// What a check tells kube-ext-authz, and how long it may take.
import { at, enumName, isSet, isTrue, milliseconds } from '../field.ts';
import { brokenIfSet, brokenIf, shown } from '../finding.ts';
import { listMatches } from '../matchers.ts';
import { eachAuthz, sources, type EnvoyRule } from './envoy-rule.ts';

/** What a decision is made of; the last is one of many names. */
const needed = [
  'authorization',
  'connection',
  'upgrade',
  'sec-websocket-protocol',
  'x-request-id',
  'x-forwarded-for',
  'impersonate-user',
  'impersonate-group',
  'impersonate-uid',
  'impersonate-extra-a',
  'x-remote-user',
] as const;

const hiddenHeaders: EnvoyRule = {
  id: 'F10',
  severity: 'error',
  title: 'ext_authz sends every header that decides',
  why: "A header that kube-ext-authz does not see it can neither judge nor remove: the client's own Impersonate-* line may go upstream.",
  fix: 'Remove allowed_headers and disallowed_headers.',
  source: sources.extAuthz,
  check: (config) =>
    eachAuthz(config, (settings) => {
      const allowed = at(settings, 'allowed_headers');
      const disallowed = at(settings, 'disallowed_headers');
      const unlisted = isSet(allowed) ? needed.filter((name) => !listMatches(allowed, name)) : [];
      const hidden = needed.filter((name) => listMatches(disallowed, name));
      return [
        ...brokenIf(unlisted.length > 0, allowed, `it leaves out ${unlisted.join(', ')}`),
        ...brokenIf(hidden.length > 0, disallowed, `it hides ${hidden.join(', ')}`),
      ];
    }),
};

const rawHeaders: EnvoyRule = {
  id: 'F11',
  severity: 'warning',
  title: 'headers are shown as they came',
  why: 'Without encode_raw_headers repeated lines arrive joined by commas and odd bytes replaced: `--as-group a,b` and two groups look alike, and what is ambiguous is refused.',
  fix: 'Set encode_raw_headers: true.',
  source: sources.extAuthz,
  check: (config) =>
    eachAuthz(config, (settings) => {
      const field = at(settings, 'encode_raw_headers');
      return brokenIf(!isTrue(field), field, `it is ${shown(field)}`);
    }),
};

const apiVersion: EnvoyRule = {
  id: 'F14',
  severity: 'error',
  title: 'ext_authz speaks version 3 of its protocol',
  why: 'kube-ext-authz serves envoy.service.auth.v3.Authorization and nothing older; what AUTO means is up to the version of Envoy.',
  fix: 'Set transport_api_version: V3.',
  source: sources.extAuthz,
  check: (config) =>
    eachAuthz(config, (settings) => {
      const field = at(settings, 'transport_api_version');
      const version = enumName(field, ['AUTO', 'V2', 'V3']);
      if (!isSet(settings) || version === 'V3') return [];
      const severity = version === 'V2' ? 'error' : 'warning';
      return [{ field, severity, found: `it is ${shown(field)}` }];
    }),
};

const timeout: EnvoyRule = {
  id: 'F16',
  severity: 'warning',
  title: 'a check has between half a second and five',
  why: 'The default is 200 ms, less than a review by the API server takes; without an end kubectl hangs with it. kube-ext-authz is told the limit and answers within it.',
  fix: 'Set grpc_service.timeout: 5s.',
  source: sources.timeouts,
  check: (config) =>
    eachAuthz(config, (settings) => {
      const field = at(settings, 'grpc_service', 'timeout');
      const length = milliseconds(field) ?? 200;
      const isGood = length >= 500 && length <= 5_000;
      return brokenIf(!isGood, field, `it is ${isSet(field) ? shown(field) : 'not set: 200 ms'}`);
    }),
};

const body: EnvoyRule = {
  id: 'F19',
  severity: 'warning',
  title: 'bodies are not part of the check',
  why: 'No decision needs one. With with_request_body large bodies get 413, and SPDY upgrades (exec, port-forward of older clients) stall for ever.',
  fix: 'Remove with_request_body.',
  source: sources.extAuthz,
  check: (config) =>
    eachAuthz(config, (settings) => brokenIfSet(at(settings, 'with_request_body'))),
};

export const askedRules: readonly EnvoyRule[] = [
  hiddenHeaders,
  rawHeaders,
  apiVersion,
  timeout,
  body,
];
