/** The accounts of a cluster whose kube-ext-authz is scraped: ours, Prometheus' and one without rights. */
import { apply, serviceAccount, type AdminAccess } from '../../lab/kube.ts';

export interface Account {
  readonly namespace: string;
  readonly name: string;
}

export const own: Account = { namespace: 'kube-ext-authz', name: 'kube-ext-authz' };
/** As docs/metrics.md calls it. */
export const scraper: Account = { namespace: 'monitoring', name: 'prometheus' };
export const another: Account = { namespace: 'monitoring', name: 'another' };

const namespaces = [own, scraper].map(({ namespace: name }) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
}));

/** Alice may be carol, and nobody else. */
const impersonation = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'as-carol' },
    rules: [
      { apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: ['carol'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'as-carol' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'as-carol' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
  },
];

/** The accounts without any rights, and alice's right to be carol. */
export async function prepareScrapedCluster(cluster: AdminAccess): Promise<void> {
  await apply(cluster, namespaces);
  const accounts = [own, scraper, another].map(({ namespace, name }) =>
    serviceAccount(namespace, name),
  );
  await apply(cluster, [...accounts, ...impersonation]);
}
