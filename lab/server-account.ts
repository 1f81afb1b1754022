/** The service account of kube-ext-authz, with the permissions that its own program says it needs, and nothing else. */
import { decodeJwt } from 'jose';
import { namespacedManifests, roleManifests } from '../src/rbac/manifests.ts';
import { permissionsFor, tokenPermissionsFor } from '../src/rbac/permissions.ts';
import { createServiceAccountToken, serviceAccount, type AdminAccess } from './kube.ts';
import { keepRenewed, type Renewal } from './renewal.ts';
import { replaceFile } from './replace-file.ts';

const namespace = 'kube-ext-authz';
const name = 'kube-ext-authz';

/** The user name that its token has. */
export const serverUsername = `system:serviceaccount:${namespace}:${name}`;

/** An account whose tokens the server asks for. */
export interface ActingAccount {
  readonly namespace: string;
  readonly name: string;
}

/** Namespace, account and RBAC; `extraKeys` are the keys of the `extra` claim mappings, and the namespaces of `accounts` are there. */
export function serverAccountManifests(
  extraKeys: readonly string[],
  accounts: readonly ActingAccount[] = [],
): readonly object[] {
  const terms = { audiences: [], expirationSeconds: 600 };
  const needs = {
    jwt: [
      { extra: extraKeys.map((key) => ({ key })) },
      ...accounts.map((account) => ({ extra: [], serviceAccount: { account, ...terms } })),
    ],
    impersonation: { originalUserExtra: 'originaluser.jetstack.io' },
    extra: { clientIP: false, static: {} },
  };
  const names = { name, namespace, serviceAccount: name };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    serviceAccount(namespace, name),
    ...roleManifests(permissionsFor(needs), names),
    ...namespacedManifests(tokenPermissionsFor(needs), names),
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
