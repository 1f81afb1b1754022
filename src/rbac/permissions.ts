// What our own service account must be allowed to do for a configuration to work, and nothing more.
import type { AccountName, Config, JwtConfig } from '../config/config.ts';

/** A rule of a ClusterRole (rbac.authorization.k8s.io/v1). */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

export interface PermissionOptions {
  /** Keys that `kubectl --as-user-extra` shall be able to name: RBAC has no wildcard for them. */
  readonly asUserExtra?: readonly string[];
}

/** What of a configuration decides. */
export interface PermissionNeeds {
  readonly tokenReview?: Config['tokenReview'];
  readonly admin?: Pick<Config['admin'], 'metrics'>;
  readonly impersonation: Pick<Config['impersonation'], 'originalUserExtra'>;
  readonly extra: Config['extra'];
  readonly jwt: readonly {
    readonly extra: readonly { readonly key: string }[];
    readonly tokenReview?: boolean | undefined;
    readonly serviceAccount?: JwtConfig['serviceAccount'];
  }[];
  /** Where our own token comes from. */
  readonly token?: Config['kubernetes']['token'];
}

/** kube-apiserver's extra of a JWT that has an ID (`JTI=…`). */
const credentialIDKey = 'authentication.kubernetes.io/credential-id';

/** The extras of a service account's token (apiserver, pkg/authentication/serviceaccount/util.go). */
const serviceAccountKeys: readonly string[] = ['pod-name', 'pod-uid', 'node-name', 'node-uid'].map(
  (name) => `authentication.kubernetes.io/${name}`,
);

/** A rule that counts in one namespace alone. */
export interface NamespacedRule {
  readonly namespace: string;
  readonly rule: PolicyRule & { readonly resourceNames: readonly string[] };
}

/** By namespace, the accounts whose tokens are asked for, by name. */
export function tokenPermissionsFor({ jwt, token }: PermissionNeeds): readonly NamespacedRule[] {
  const accounts = jwt.flatMap(({ serviceAccount }) => accountsOf(serviceAccount));
  if (token && 'tokenRequest' in token) accounts.push(token.tokenRequest.account);
  return [...Map.groupBy(accounts, ({ namespace }) => namespace)]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([namespace, named]) => ({
      namespace,
      rule: {
        apiGroups: [''],
        resources: ['serviceaccounts/token'],
        resourceNames: [...new Set(named.map(({ name }) => name))].toSorted(),
        verbs: ['create'],
      },
    }));
}

function accountsOf(mapping: JwtConfig['serviceAccount']): AccountName[] {
  if (!mapping) return [];
  return 'account' in mapping ? [mapping.account] : [...mapping.allowed];
}

/** The rules of a ClusterRole for these needs. */
export function permissionsFor(
  needs: PermissionNeeds,
  { asUserExtra = [] }: PermissionOptions = {},
): readonly PolicyRule[] {
  const { jwt, tokenReview, admin } = needs;
  const asksAboutTokens =
    tokenReview !== undefined ||
    jwt.some((entry) => entry.tokenReview) ||
    admin?.metrics.authorize === true;
  const extras = [...new Set([...extraKeys(needs), ...asUserExtra])].toSorted();
  const impersonate = { verbs: ['impersonate'] };
  const create = { verbs: ['create'] };
  return [
    { apiGroups: [''], resources: ['users', 'groups', 'serviceaccounts'], ...impersonate },
    {
      apiGroups: ['authentication.k8s.io'],
      resources: ['uids', ...extras.map((key) => `userextras/${key}`)],
      ...impersonate,
    },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], ...create },
    ...(asksAboutTokens
      ? [{ apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], ...create }]
      : []),
  ];
}

function extraKeys({ jwt, tokenReview, impersonation, extra }: PermissionNeeds): readonly string[] {
  const prefix = impersonation.originalUserExtra;
  return [
    credentialIDKey,
    ...jwt.flatMap((entry) => entry.extra.map(({ key }) => key)),
    ...(tokenReview ? serviceAccountKeys : []),
    ...['user', 'groups', 'uid', 'extra'].map((part) => `${prefix}-${part}`),
    ...(extra.clientIP ? ['remote-client-ip'] : []),
    ...Object.keys(extra.static),
  ];
}
