/** The world of impersonation-world.ts as objects for the API server. */
import { serviceAccount } from '../../lab/kube.ts';
import { nodeName, podManifest } from '../../lab/kwok.ts';
import { roleManifests } from '../../src/rbac/manifests.ts';
import { grants, reviews, team, type Grant, type GrantName } from './impersonation-world.ts';

export interface Account {
  readonly namespace: string;
  /** What it may, besides what its groups may. */
  readonly may: readonly GrantName[];
  /** Its token is bound to a Pod there; default: to nothing. */
  readonly node?: string;
}

/** Service accounts that ask to be somebody else; the API server remembers them by their names. */
export const accounts = {
  agent: {
    namespace: 'default',
    node: nodeName,
    may: ['own node: star', 'own node on anything'],
  },
  'named-agent': {
    namespace: 'default',
    node: nodeName,
    may: ['own node: lab', 'own node on anything'],
  },
  'free-agent': {
    namespace: 'default',
    node: nodeName,
    may: ['own node: any', 'own node on reviews', 'node: lab', 'node on pods'],
  },
  'lost-agent': {
    namespace: 'default',
    node: 'other-node',
    may: ['own node: any', 'own node on anything'],
  },
  'homeless-agent': { namespace: 'default', may: ['own node: any', 'own node on anything'] },
  'poor-agent': { namespace: 'default', node: nodeName, may: ['own node on anything'] },
  'old-agent': { namespace: 'default', node: nodeName, may: ['users', 'nodes'] },
  deputy: { namespace: team, may: [] },
} as const satisfies Readonly<Record<string, Account>>;

export type AccountName = keyof typeof accounts;

/** What everybody has, and everybody of one team; the last to be applied. */
const common: readonly (readonly [name: string, group: string, grant: Grant])[] = [
  [
    'everybody',
    'system:authenticated',
    {
      rules: [
        {
          verbs: ['impersonate'],
          apiGroups: [''],
          resources: ['users'],
          resourceNames: ['public'],
        },
        { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods', 'pods/log'] },
        { verbs: ['get', 'create'], apiGroups: [''], resources: ['pods/exec'] },
        { verbs: ['deletecollection'], apiGroups: [''], resources: ['configmaps'] },
        { verbs: ['get', 'head'], nonResourceURLs: ['/livez/*', '/version'] },
      ],
    },
  ],
  [
    'everybody-in-a-team',
    'system:authenticated',
    {
      namespace: team,
      rules: [
        {
          verbs: ['impersonate'],
          apiGroups: [''],
          resources: ['serviceaccounts'],
          resourceNames: ['public'],
        },
      ],
    },
  ],
  [
    'nobody',
    'system:unauthenticated',
    { rules: [{ verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: [reviews] }] },
  ],
  [
    'team',
    `system:serviceaccounts:${team}`,
    {
      rules: [
        { verbs: ['impersonate'], apiGroups: [''], resources: ['users'], resourceNames: ['bob'] },
      ],
    },
  ],
];

const rbac = { group: 'rbac.authorization.k8s.io', version: 'rbac.authorization.k8s.io/v1' };

/** Everything, but for the Pods that tokens are bound to. */
export function worldManifests(): readonly object[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: team } },
    ...['default', 'robot'].map((name) => serviceAccount(team, name)),
    ...Object.entries(accounts).map(([name, { namespace }]) => serviceAccount(namespace, name)),
    podManifest(team, 'hello'),
    ...Object.entries<Grant>(grants).flatMap(([name, grant], index) =>
      grantManifests(name, grant, `grant-${index}`),
    ),
    ...common.flatMap(([name, group, grant]) =>
      bound(`common-${name}`, grant, [{ kind: 'Group', name: group, apiGroup: rbac.group }]),
    ),
  ];
}

function grantManifests(name: string, grant: Grant, id: string): readonly object[] {
  const holders = Object.entries<Account>(accounts).flatMap(([account, { namespace, may }]) =>
    may.some((one) => one === name) ? [{ kind: 'ServiceAccount', name: account, namespace }] : [],
  );
  return bound(id, grant, [{ kind: 'Group', name, apiGroup: rbac.group }, ...holders]);
}

function bound(name: string, { rules, namespace }: Grant, subjects: readonly object[]): object[] {
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const head = {
    apiVersion: rbac.version,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
  };
  const roleRef = { apiGroup: rbac.group, kind, name };
  return [
    { ...head, kind, rules },
    { ...head, kind: `${kind}Binding`, roleRef, subjects },
  ];
}

/** What our own account needs so that every extra and every service account's token goes through. */
export function ownAccountManifests(): readonly object[] {
  const apiGroups = ['authentication.k8s.io'];
  const rules = [
    { apiGroups, resources: ['*'], verbs: ['impersonate'] },
    { apiGroups, resources: ['tokenreviews'], verbs: ['create'] },
  ];
  const name = 'kube-ext-authz';
  const names = { name: `${name}-in-this-test`, namespace: name, serviceAccount: name };
  return roleManifests(rules, names);
}
