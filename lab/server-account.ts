/** The service account of kube-ext-authz: it may impersonate users with the extras that its issuers map, and nothing else. */
import { decodeJwt } from 'jose';
import { createServiceAccountToken, serviceAccount, type AdminAccess } from './kube.ts';
import { keepRenewed, type Renewal } from './renewal.ts';
import { replaceFile } from './replace-file.ts';

const namespace = 'kube-ext-authz';
const name = 'kube-ext-authz';

/** The user name that its token has. */
export const serverUsername = `system:serviceaccount:${namespace}:${name}`;

/** kube-apiserver's own extra: which token it was (`JTI=…`). */
const credentialIdKey = 'authentication.kubernetes.io/credential-id';

/** Namespace, account and RBAC; `extraKeys` are the keys of the `extra` claim mappings. */
export function serverAccountManifests(extraKeys: readonly string[]): readonly object[] {
  const extras = [credentialIdKey, ...extraKeys].map((key) => `userextras/${key}`);
  const verbs = ['impersonate'];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    serviceAccount(namespace, name),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: [
        { apiGroups: [''], resources: ['users', 'groups'], verbs },
        { apiGroups: ['authentication.k8s.io'], resources: ['uids', ...extras], verbs },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', namespace, name }],
    },
  ];
}

/** Writes the account's token to the file and keeps it fresh there. */
export function keepServerToken(
  cluster: AdminAccess,
  file: string,
  onFailure: (error: unknown) => void,
): Promise<Renewal> {
  return keepRenewed(async () => {
    const token = await createServiceAccountToken(cluster, namespace, name, {
      expirationSeconds: 3600,
    });
    replaceFile(file, token);
    const { iat = 0, exp = 0 } = decodeJwt(token);
    return { begins: iat * 1000, ends: exp * 1000 };
  }, onFailure);
}
