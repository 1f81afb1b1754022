// What the rules about Kubernetes objects have in common.
import { at, isSet, items, text, type Field } from '../field.ts';
import type { Broken, Rule } from '../finding.ts';
import { meshConfigs, ofKind, type Manifest, type Manifests } from '../manifests.ts';

export type ManifestRule = Rule<Manifests>;

/** Providers of Istio that speak gRPC. */
export function providers(
  manifests: Manifests,
): readonly { readonly entry: Field; readonly grpc: Field }[] {
  return meshConfigs(manifests)
    .flatMap((config) => items(at(config, 'extension_providers')))
    .map((entry) => ({ entry, grpc: at(entry, 'envoy_ext_authz_grpc') }))
    .filter(({ grpc }) => isSet(grpc));
}

/** Policies that ask somebody else. */
export function customPolicies(manifests: Manifests): readonly Manifest[] {
  return ofKind(manifests, 'AuthorizationPolicy').filter(
    ({ field }) => text(at(field, 'spec', 'action')) === 'CUSTOM',
  );
}

/** Where Envoy Gateway's own types are described. */
export const envoyGatewayApi = 'https://gateway.envoyproxy.io/docs/api/extension_types/';

/** SecurityPolicies that ask somebody. */
export function asking(manifests: Manifests): readonly Field[] {
  return ofKind(manifests, 'SecurityPolicy')
    .map(({ field }) => at(field, 'spec', 'ext_auth'))
    .filter(isSet);
}

/** Each of their extAuth put to one question. */
export function eachAsking(
  manifests: Manifests,
  ask: (extAuth: Field) => readonly Broken[],
): readonly Broken[] {
  return asking(manifests).flatMap(ask);
}
