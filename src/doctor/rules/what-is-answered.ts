// What Envoy makes of an answer.
import { at, isSet, isTrue, text } from '../field.ts';
import { brokenIf, shown } from '../finding.ts';
import { isFinisher } from '../http-filters.ts';
import { mayMutate } from '../matchers.ts';
import { eachAuthz, eachGuarded, sources, type EnvoyRule } from './envoy-rule.ts';

const validate: EnvoyRule = {
  id: 'F12',
  severity: 'warning',
  title: 'a reply with an invalid header is refused',
  why: 'validate_mutations answers 500 before a name or value that is no header gets near the upstream.',
  fix: 'Set validate_mutations: true.',
  source: sources.extAuthz,
  check: (config) =>
    eachAuthz(config, (settings) => {
      const field = at(settings, 'validate_mutations');
      return brokenIf(!isTrue(field), field, `it is ${shown(field)}`);
    }),
};

/** What our replies set or remove. */
const ours = [
  'authorization',
  'connection',
  'audit-id',
  'sec-websocket-protocol',
  'impersonate-user',
  'impersonate-group',
  'impersonate-uid',
  'impersonate-extra-a.b%2fc',
  'impersonate_user',
  'x-remote-user',
] as const;

const foreign = [':path', ':method', 'host', 'x-envoy-original-path', 'cookie'] as const;

const mutationRules: EnvoyRule = {
  id: 'F13',
  severity: 'warning',
  title: 'a reply may change the headers of the credential and no other',
  why: 'Without decoder_header_mutation_rules whoever answers a check can turn a GET into a DELETE of another path; rules that are too tight fail every request.',
  fix: 'Take decoder_header_mutation_rules from envoy/bootstrap.yaml.',
  source: sources.mutationRules,
  check: (config) =>
    eachAuthz(config, (settings) => {
      const rules = at(settings, 'decoder_header_mutation_rules');
      if (!isSet(rules)) return [{ field: rules, found: 'it is not set' }];
      const refused = ours.filter((name) => !mayMutate(rules, name));
      const open = foreign.filter((name) => mayMutate(rules, name));
      const isError = at(rules, 'disallow_is_error');
      return [
        ...(refused.length > 0
          ? [
              {
                field: rules,
                severity: 'error' as const,
                found: `it refuses our own ${refused.join(', ')}`,
              },
            ]
          : []),
        ...brokenIf(open.length > 0, rules, `it lets a reply change ${open.join(', ')}`),
        ...brokenIf(!isTrue(isError), isError, 'a forbidden change is dropped in silence'),
      ];
    }),
};

const metadata: EnvoyRule = {
  id: 'F15',
  severity: 'error',
  title: 'the decision reaches the finisher',
  why: "The finisher reads the reply's metadata: without it every request gets 403.",
  fix: 'Set enable_dynamic_metadata_ingestion: true.',
  source: sources.extAuthz,
  check: (config) =>
    eachGuarded(config, ({ authz, filters }) => {
      const field = at(authz.config, 'enable_dynamic_metadata_ingestion');
      const isOff = field.value === false && filters.some(isFinisher);
      return brokenIf(isOff, field, 'it is false');
    }),
};

const statusOnError: EnvoyRule = {
  id: 'F17',
  severity: 'warning',
  title: 'an outage is answered with 503',
  why: 'The default, 403, looks like a decision: kubectl says Forbidden and nobody looks for the outage.',
  fix: 'Set status_on_error: { code: ServiceUnavailable }.',
  source: sources.extAuthz,
  check: (config) =>
    eachAuthz(config, (settings) => {
      const field = at(settings, 'status_on_error', 'code');
      const isRight = field.value === 503 || text(field) === 'ServiceUnavailable';
      return brokenIf(!isRight, field, `it is ${shown(field)}`);
    }),
};

export const answeredRules: readonly EnvoyRule[] = [
  validate,
  mutationRules,
  metadata,
  statusOnError,
];
