// What must stand beside Istio's own settings.
import { at, text, within, type Field } from '../field.ts';
import { brokenIf, type Broken } from '../finding.ts';
import { ofKind } from '../manifests.ts';
import { customPolicies, providers, type ManifestRule } from './manifest-rule.ts';

const istio = 'https://istio.io/latest/docs';

/** What Istio's own objects can't say, and what in an EnvoyFilter shows that it was said. */
const patches: readonly (readonly [what: string, severity: 'error' | 'warning', shows: RegExp])[] =
  [
    ['the finisher', 'error', /impersonate-/],
    ['deny_at_disable', 'error', /^deny_?at_?disable$/i],
    ['encode_raw_headers', 'warning', /^encode_?raw_?headers$/i],
    ['validate_mutations', 'warning', /^validate_?mutations$/i],
    ['the upgrade type SPDY/3.1', 'warning', /^spdy\/3\.1$/i],
    ['max_headers_count', 'warning', /^max_?headers_?count$/i],
  ];

const envoyFilters: ManifestRule = {
  id: 'I9',
  severity: 'warning',
  title: 'EnvoyFilters add what Istio has no setting for',
  why: 'Without the finisher users have no groups; the others are the rules F3, F11, F12, F21 and F25.',
  fix: 'Patch the connection manager and the ext_authz filter, and insert the finisher before the router, by an EnvoyFilter.',
  source: `${istio}/reference/config/networking/envoy-filter/`,
  check: (manifests) => {
    const [policy] = customPolicies(manifests);
    if (!policy) return [];
    const words = ofKind(manifests, 'EnvoyFilter').flatMap(({ field }) =>
      [...within(field)].flatMap(wordsOf),
    );
    return patches
      .filter(([, , shows]) => !words.some((word) => shows.test(word)))
      .map(([what, severity]) => ({
        field: policy.field,
        severity,
        found: `no EnvoyFilter here has ${what}`,
      }));
  },
};

function wordsOf(field: Field): readonly string[] {
  return [String(field.path.at(-1)), ...(text(field) === undefined ? [] : [text(field) ?? ''])];
}

const mutualTls: ManifestRule = {
  id: 'I11',
  severity: 'warning',
  title: 'checks go over mutual TLS',
  why: "Replies carry our own token: whoever listens, or asks in Envoy's place, has it.",
  fix: 'Apply a PeerAuthentication with mtls.mode: STRICT to the namespace of kube-ext-authz, or a DestinationRule with tls.mode: ISTIO_MUTUAL for its service.',
  source: `${istio}/reference/config/security/peer_authentication/`,
  check: (manifests) =>
    providers(manifests).flatMap(({ grpc }): readonly Broken[] => {
      const field = at(grpc, 'service');
      const namespace = (text(field) ?? '').split('.')[1];
      const isStrict = ofKind(manifests, 'PeerAuthentication').some(
        (one) =>
          [namespace, 'istio-system'].includes(one.namespace) &&
          at(one.field, 'spec', 'mtls', 'mode').value === 'STRICT',
      );
      const isMutual = ofKind(manifests, 'DestinationRule').some(
        (one) =>
          at(one.field, 'spec', 'host').value === field.value &&
          ['ISTIO_MUTUAL', 'MUTUAL'].includes(
            String(at(one.field, 'spec', 'traffic_policy', 'tls', 'mode').value),
          ),
      );
      return brokenIf(!isStrict && !isMutual, field, 'neither is here');
    }),
};

export const besideIstioRules: readonly ManifestRule[] = [envoyFilters, mutualTls];
