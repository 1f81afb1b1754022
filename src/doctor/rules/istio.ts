// Istio's own objects. What they become in a gateway's Envoy, the rules about Envoy tell from its dump.
import { at, entries, isSet, items, text, type Field } from '../field.ts';
import { brokenIfTrue, brokenIf, shown } from '../finding.ts';
import { meshConfigs, ofKind, type Manifest } from '../manifests.ts';
import { besideIstioRules } from './istio-surroundings.ts';
import { customPolicies, providers, type ManifestRule } from './manifest-rule.ts';

const istio = 'https://istio.io/latest/docs';
const mesh = `${istio}/reference/config/istio.mesh.v1alpha1/`;
const policyPage = `${istio}/reference/config/security/authorization-policy/`;

const failOpen: ManifestRule = {
  id: 'I1',
  severity: 'error',
  title: 'the provider fails closed',
  why: 'With failOpen a request goes on when kube-ext-authz is down, slow or answers badly.',
  fix: 'Set failOpen: false.',
  source: mesh,
  check: (manifests) =>
    providers(manifests)
      .map(({ grpc }) => at(grpc, 'fail_open'))
      .flatMap(brokenIfTrue),
};

const timeout: ManifestRule = {
  id: 'I2',
  severity: 'warning',
  title: 'the provider has a timeout',
  why: "Istio's default is 600 s: kubectl hangs as long as kube-ext-authz does.",
  fix: 'Set timeout: 5s.',
  source: mesh,
  check: (manifests) =>
    providers(manifests)
      .map(({ grpc }) => at(grpc, 'timeout'))
      .flatMap((field) => brokenIf(!isSet(field), field, 'it is not set: 600 s')),
};

const statusOnError: ManifestRule = {
  id: 'I3',
  severity: 'warning',
  title: 'an outage is answered with 503',
  why: 'The default, 403, looks like a decision.',
  fix: 'Set statusOnError: "503".',
  source: mesh,
  check: (manifests) =>
    providers(manifests)
      .map(({ grpc }) => at(grpc, 'status_on_error'))
      .flatMap((field) => brokenIf(String(field.value) !== '503', field, `it is ${shown(field)}`)),
};

const everyRequest: ManifestRule = {
  id: 'I4',
  severity: 'error',
  title: 'the policy is about every request',
  why: 'A CUSTOM policy without rules never matches, and one with operations or sources leaves the rest unchecked: those requests reach the API server.',
  fix: 'Set rules: [{}].',
  source: policyPage,
  check: (manifests) =>
    customPolicies(manifests).flatMap(({ field }) => {
      const rules = at(field, 'spec', 'rules');
      const isWhole = items(rules).some(({ value }) => isEmpty(value));
      const found =
        items(rules).length === 0 ? 'no rule matches any request' : 'it leaves requests out';
      return brokenIf(!isWhole, rules, found);
    }),
};

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

const selects: ManifestRule = {
  id: 'I5',
  severity: 'error',
  title: 'the policy selects the gateway',
  why: 'A policy in another namespace, or with labels that no workload has, applies to nothing.',
  fix: "Put the policy into the gateway's namespace, with its labels in selector or its name in targetRefs.",
  source: policyPage,
  check: (manifests) =>
    customPolicies(manifests).flatMap(({ field, namespace }) => {
      const selector = at(field, 'spec', 'selector', 'match_labels');
      const refs = items(at(field, 'spec', 'target_refs'));
      const gateways = ofKind(manifests, 'Gateway', 'Deployment', 'DaemonSet', 'Pod');
      // What isn't among the files can't be compared.
      if (gateways.length === 0) return [];
      const near = gateways.filter((one) => one.namespace === namespace);
      const isNamed = refs.some((ref) => near.some(({ name }) => name === text(at(ref, 'name'))));
      const isLabelled = isSet(selector) && near.some((one) => hasLabels(one, selector));
      const isForAll = !isSet(selector) && refs.length === 0 && near.length > 0;
      return brokenIf(
        !isNamed && !isLabelled && !isForAll,
        at(field, 'spec'),
        'it selects none of the gateways here',
      );
    }),
};

function hasLabels({ field }: Manifest, wanted: Field): boolean {
  const places = [
    at(field, 'spec', 'template', 'metadata', 'labels'),
    at(field, 'metadata', 'labels'),
    at(field, 'spec', 'selector'),
  ];
  return places.some((labels) =>
    entries(wanted).every(([key, { value }]) => at(labels, key).value === value),
  );
}

const oneProvider: ManifestRule = {
  id: 'I6',
  severity: 'error',
  title: 'a workload has one CUSTOM provider',
  why: 'With two of them Istio denies every request.',
  fix: 'Leave one CUSTOM policy in the namespace.',
  source: policyPage,
  check: (manifests) =>
    customPolicies(manifests).flatMap(({ field, namespace }, index, all) => {
      const provider = at(field, 'spec', 'provider', 'name');
      const earlier = all.slice(0, index).find((one) => one.namespace === namespace);
      const isOther =
        earlier && at(earlier.field, 'spec', 'provider', 'name').value !== provider.value;
      return brokenIf(isOther === true, provider, 'another policy here has another provider');
    }),
};

const providerName: ManifestRule = {
  id: 'I7',
  severity: 'error',
  title: 'the policy names a provider that is there',
  why: 'With an unknown or invalid provider Istio denies every request.',
  fix: 'Use one DNS label of at most 63 characters in extensionProviders[].name and provider.name.',
  source: mesh,
  check: (manifests) => {
    const known = providers(manifests).map(({ entry }) => at(entry, 'name'));
    const names = customPolicies(manifests).map(({ field }) =>
      at(field, 'spec', 'provider', 'name'),
    );
    const missing = names.filter(
      (one) => known.length > 0 && !known.some(({ value }) => value === one.value),
    );
    return [
      ...[...known, ...names]
        .filter((one) => !isLabel(one))
        .map((field) => ({ field, found: 'it is no DNS label' })),
      ...missing.map((field) => ({ field, found: 'no provider has this name' })),
    ];
  },
};

/** RFC 1123. */
function isLabel(name: Field): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text(name) ?? '');
}

const normalization: ManifestRule = {
  id: 'I8',
  severity: 'warning',
  title: 'the path that is checked is the path that goes upstream',
  why: 'DECODE_AND_MERGE_SLASHES changes what %2F means; less than MERGE_SLASHES lets // through.',
  fix: 'Set meshConfig.pathNormalization.normalization: MERGE_SLASHES.',
  source: mesh,
  check: (manifests) =>
    meshConfigs(manifests)
      .map((config) => at(config, 'path_normalization', 'normalization'))
      .filter(({ value }) => value !== 'MERGE_SLASHES')
      .map((field) => {
        const severity = field.value === 'DECODE_AND_MERGE_SLASHES' ? 'error' : 'warning';
        return { field, severity, found: `it is ${shown(field)}` } as const;
      }),
};

const dryRun: ManifestRule = {
  id: 'I10',
  severity: 'error',
  title: 'the policy is in force',
  why: 'With the annotation istio.io/dry-run a denial is written down and the request goes on.',
  fix: 'Remove the annotation.',
  source: `${istio}/tasks/security/authorization/authz-dry-run/`,
  check: (manifests) =>
    customPolicies(manifests)
      .map(({ field }) => at(field, 'metadata', 'annotations', 'istio.io/dry-run'))
      .flatMap((field) => brokenIf(String(field.value) === 'true', field, 'it is a dry run')),
};

export const istioRules: readonly ManifestRule[] = [
  failOpen,
  timeout,
  statusOnError,
  everyRequest,
  selects,
  oneProvider,
  providerName,
  normalization,
  dryRun,
  ...besideIstioRules,
];
