/** The user of the quick start: what her tokens hold, how the API server and the proxy read them, and what she may do. */
import { randomUUID } from 'node:crypto';
import type { Issuer, MintOptions } from './issuer.ts';

export interface Token {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly begins: number;
  readonly ends: number;
}

/** A group as directories name them: with commas, and still one group. */
export const directoryGroup = 'cn=dev,ou=groups,dc=example,dc=com';

export const alice = {
  username: 'alice',
  uid: 'a11ce',
  groups: ['developers', 'on-call', 'payments-admins', directoryGroup],
  team: 'payments',
} as const;

/** Her groups as the API server sees them. */
export const aliceGroups = [...alice.groups, 'system:authenticated'];

/** The key of alice's team among a user's extras. */
export const teamKey = 'example.com/team';

export const audience = 'kubernetes';

const lifetimeSeconds = 12 * 3600;

/** A token for alice that lasts a working day. */
export async function mintForAlice(issuer: Issuer, options: MintOptions = {}): Promise<Token> {
  const iat = Math.floor(Date.now() / 1000);
  const exp = iat + lifetimeSeconds;
  const { username: sub, ...claims } = alice;
  const token = await issuer.mint({ sub, ...claims, jti: randomUUID(), iat, exp }, options);
  return { token, begins: iat * 1000, ends: exp * 1000 };
}

/** kube-apiserver's AuthenticationConfiguration that reads such tokens. */
export function authenticationConfiguration(issuer: Issuer): object {
  return {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url: issuer.url, audiences: [audience], certificateAuthority: issuer.caPem },
        claimMappings: {
          username: { claim: 'sub', prefix: '' },
          groups: { claim: 'groups', prefix: '' },
          uid: { claim: 'uid' },
          extra: [{ key: teamKey, valueExpression: 'claims.team' }],
        },
      },
    ],
  };
}

/** Whom alice may be, because she is on call. */
export const onCallUser = 'deputy';

/** What alice may do, through her groups: use pods in one namespace, but not read its secrets, and be one other user. */
export function aliceAccess(namespace: string): readonly object[] {
  const name = 'pod-user';
  return [
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { namespace, name },
      rules: [
        { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'create'] },
        { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods/exec', 'pods/portforward'], verbs: ['create', 'get'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { namespace, name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: directoryGroup }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: onCallUser },
      rules: [
        {
          apiGroups: [''],
          resources: ['users'],
          resourceNames: [onCallUser],
          verbs: ['impersonate'],
        },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: onCallUser },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: onCallUser },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'on-call' }],
    },
  ];
}
