// The part of the usage that `serve` and `check-config` share.

export const configFlagsUsage = `  --config FILE                  the configuration (kube-ext-authz.dev/v1alpha1)
or, in its place, either
  --authentication-config FILE   kube-apiserver's AuthenticationConfiguration
or
  --oidc-issuer-url URL --oidc-client-id ID [--oidc-ca-file FILE]
  [--oidc-username-claim CLAIM] [--oidc-username-prefix PREFIX]
  [--oidc-groups-claim CLAIM] [--oidc-groups-prefix PREFIX]
  [--oidc-signing-algs LIST] [--oidc-required-claim CLAIM=VALUE]...
with
  [--extra-user-header-client-ip] [--extra-user-headers KEY=VALUE,...]
  [--grpc-address ADDRESS] [--admin-address ADDRESS] [--token-file FILE]
`;
