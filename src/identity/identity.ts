/** Kubernetes' user.Info: who a request is, as the API server will see them. */
export interface Identity {
  readonly username: string;
  /** Empty when there is none. */
  readonly uid: string;
  /** In order, duplicates kept, as kube-apiserver keeps them. */
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const anonymous = 'system:anonymous';
const authenticated = 'system:authenticated';
const unauthenticated = 'system:unauthenticated';

/** kube-apiserver's group for everybody who proved who they are (authenticated_group_adder.go). */
export function withAuthenticatedGroup(identity: Identity): Identity {
  const { username, groups } = identity;
  if (username === anonymous) return identity;
  if (groups.includes(authenticated) || groups.includes(unauthenticated)) return identity;
  return { ...identity, groups: [...groups, authenticated] };
}
