// Envoy Gateway's own objects.
import { at, isSet, items, text, type Field } from '../field.ts';
import { brokenIfSet, brokenIfTrue, brokenIf, shown, type Broken } from '../finding.ts';
import { ofKind, type Manifest } from '../manifests.ts';
import { besidePolicyRules } from './envoy-gateway-surroundings.ts';
import { eachAsking, envoyGatewayApi as api, type ManifestRule } from './manifest-rule.ts';

const failOpen: ManifestRule = {
  id: 'E1',
  severity: 'error',
  title: 'the policy fails closed',
  why: 'With failOpen a request goes on when kube-ext-authz is down, and when the policy itself is invalid.',
  fix: 'Set extAuth.failOpen: false.',
  source: api,
  check: (manifests) => eachAsking(manifests, (extAuth) => brokenIfTrue(at(extAuth, 'fail_open'))),
};

const targets: ManifestRule = {
  id: 'E2',
  severity: 'error',
  title: 'the policy is in force for the whole gateway',
  why: 'ext_authz is off but for the routes of an accepted policy, and a policy of a route replaces the one of its gateway.',
  fix: 'Target the Gateway, and remove SecurityPolicies without extAuth that target its routes.',
  source: api,
  check: (manifests) => {
    const policies = ofKind(manifests, 'SecurityPolicy');
    const own = policies.filter(({ field }) => isSet(at(field, 'spec', 'ext_auth')));
    if (own.length === 0) return [];
    const others = policies.filter(
      (one) => !own.includes(one) && targetKinds(one).includes('HTTPRoute'),
    );
    return [
      ...own
        .filter((one) => targetKinds(one).length === 0)
        .map(({ field }) => ({
          field: at(field, 'spec', 'target_refs'),
          found: 'it targets nothing',
        })),
      ...own
        .map(({ field }) => at(field, 'spec', 'ext_auth', 'http'))
        .filter(isSet)
        .map((field) => ({ field, found: 'it asks over HTTP, and kube-ext-authz speaks gRPC' })),
      ...own.flatMap(({ field }) => refusedConditions(field)),
      ...others.map(({ field }) => ({
        field: at(field, 'spec'),
        found: 'this policy of a route has no extAuth',
      })),
    ];
  },
};

function targetKinds({ field }: Manifest): readonly string[] {
  const refs = [
    ...items(at(field, 'spec', 'target_refs')),
    at(field, 'spec', 'target_ref'),
    ...items(at(field, 'spec', 'target_selectors')),
  ];
  return refs.flatMap((ref) => text(at(ref, 'kind')) ?? []);
}

function refusedConditions(policy: Field): readonly Broken[] {
  return items(at(policy, 'status', 'ancestors'))
    .flatMap((ancestor) => items(at(ancestor, 'conditions')))
    .filter((one) => at(one, 'type').value === 'Accepted' && at(one, 'status').value !== 'True')
    .map((field) => ({ field, found: 'it was not accepted' }));
}

const needed = [
  'authorization',
  'connection',
  'upgrade',
  'sec-websocket-protocol',
  'x-request-id',
  'impersonate-user',
  'impersonate-group',
  'impersonate-uid',
];

const headers: ManifestRule = {
  id: 'E3',
  severity: 'error',
  title: 'kube-ext-authz is sent every header that decides',
  why: 'headersToExtAuth has no wildcard: an Impersonate-Extra-* header that is not listed is neither judged nor removed.',
  fix: 'Remove headersToExtAuth.',
  source: api,
  check: (manifests) =>
    eachAsking(manifests, (extAuth) => {
      const field = at(extAuth, 'headers_to_ext_auth');
      const listed = items(field).map((one) => text(one)?.toLowerCase());
      const missing = needed.filter((name) => !listed.includes(name));
      const found =
        missing.length > 0
          ? `it leaves out ${missing.join(', ')}`
          : 'it leaves out impersonate-extra-*';
      return brokenIf(listed.length > 0, field, found);
    }),
};

const answers: ManifestRule = {
  id: 'E4',
  severity: 'warning',
  title: 'a check has a short timeout, and an outage is answered with 503',
  why: 'The defaults are 10 s and 403, which looks like a decision.',
  fix: 'Set extAuth.timeout: 5s and extAuth.statusOnError: 503.',
  source: api,
  check: (manifests) =>
    eachAsking(manifests, (extAuth) => {
      const timeout = at(extAuth, 'timeout');
      const status = at(extAuth, 'status_on_error');
      return [
        ...brokenIf(!isSet(timeout), timeout, 'it is not set: 10 s'),
        ...brokenIf(String(status.value) !== '503', status, `it is ${shown(status)}`),
      ];
    }),
};

const recompute: ManifestRule = {
  id: 'E5',
  severity: 'warning',
  title: 'the route that was checked is the route that is taken',
  why: 'With recomputeRoute the route is chosen again after headers were changed.',
  fix: 'Remove extAuth.recomputeRoute.',
  source: api,
  check: (manifests) =>
    eachAsking(manifests, (extAuth) => brokenIfTrue(at(extAuth, 'recompute_route'))),
};

const body: ManifestRule = {
  id: 'E6',
  severity: 'warning',
  title: 'bodies are not part of the check',
  why: 'No decision needs one; with it large bodies get 413 and SPDY upgrades stall.',
  fix: 'Remove extAuth.bodyToExtAuth.',
  source: api,
  check: (manifests) =>
    eachAsking(manifests, (extAuth) => brokenIfSet(at(extAuth, 'body_to_ext_auth'))),
};

export const envoyGatewayRules: readonly ManifestRule[] = [
  failOpen,
  targets,
  headers,
  answers,
  recompute,
  body,
  ...besidePolicyRules,
];
