/** Pods that exist as objects only, and the tokens that a kubelet would project into them. */
import { apply, asAdmin, type AdminAccess } from '../../lab/kube.ts';

export interface PodOptions {
  readonly name: string;
  /** Of the namespace `default`, as the Pod. */
  readonly account: string;
  /** Default: none yet. */
  readonly node?: string;
}

const namespace = 'default';

/** Creates a Pod that nobody runs; resolves with its UID. */
export async function createPod(
  cluster: AdminAccess,
  { name, account, node }: PodOptions,
): Promise<string> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    spec: {
      serviceAccountName: account,
      containers: [{ name: 'main', image: 'example.invalid/none' }],
      ...(node !== undefined && { nodeName: node }),
    },
  };
  await apply(cluster, [pod]);
  return asAdmin(cluster, ['get', 'pod', name, '-o', 'jsonpath={.metadata.uid}']);
}

/** A token of the account that lives no longer than the Pod; no audience: the API server's own. */
export async function createPodToken(
  cluster: AdminAccess,
  { name, account }: PodOptions,
  audience?: string,
): Promise<string> {
  const bound = ['--bound-object-kind=Pod', `--bound-object-name=${name}`];
  const forAudience = audience === undefined ? [] : [`--audience=${audience}`];
  const args = ['create', 'token', account, '--duration=600s', ...bound, ...forAudience];
  return (await asAdmin(cluster, args)).trim();
}
