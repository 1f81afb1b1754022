// Tokens that die with the Pod that we run in, and so tell which of several did what.
import type { TokenAccount } from '../kube/token-account.ts';

/** The Pod that we run in. */
export interface OwnPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly serviceAccount: string;
}

/**
 * From POD_NAMESPACE, POD_NAME, POD_UID and POD_SERVICE_ACCOUNT, which the downward API sets
 * (metadata.namespace, metadata.name, metadata.uid, spec.serviceAccountName); undefined unless all
 * four are there.
 */
export function boundPodOf(env: Readonly<Record<string, string | undefined>>): OwnPod | undefined {
  const {
    POD_NAMESPACE: namespace,
    POD_NAME: name,
    POD_UID: uid,
    POD_SERVICE_ACCOUNT: serviceAccount,
  } = env;
  return namespace && name && uid && serviceAccount
    ? { namespace, name, uid, serviceAccount }
    : undefined;
}

/**
 * The account with its tokens bound to our Pod, if it is our own: the API server binds no other's
 * (kubernetes, pkg/registry/core/serviceaccount/storage/token.go: "cannot bind token … to pod running
 * with different serviceaccount name").
 */
export function bindToOwnPod(account: TokenAccount, pod: OwnPod | undefined): TokenAccount {
  const isOurs = account.namespace === pod?.namespace && account.name === pod.serviceAccount;
  return isOurs ? { ...account, boundPod: { name: pod.name, uid: pod.uid } } : account;
}
