/** Who may be whom in the tests of `kubectl --as`: a grant is a role, and the group of the same name has it. */

export interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface Grant {
  readonly rules: readonly Rule[];
  /** Default: in the whole cluster. */
  readonly namespace?: string;
}

/** Where robots and their pods are. */
export const team = 'team-a';

const core = [''];
const authentication = ['authentication.k8s.io'];

function rule(
  verb: string,
  apiGroups: readonly string[],
  resource: string,
  ...resourceNames: readonly string[]
): Rule {
  const named = resourceNames.length > 0 && { resourceNames };
  return { verbs: [verb], apiGroups, resources: [resource], ...named };
}

function grant(...rules: readonly Rule[]): Grant {
  return { rules };
}

const inTeam = (...rules: readonly Rule[]): Grant => ({ rules, namespace: team });

/** Names of users, groups and extras that only a whole comparison tells apart. */
export const oddNames = [
  'a,b',
  'größe',
  '日本',
  'x<y>&"z"',
  "it's",
  'back\\slash',
  '100%',
  'two words',
  'https://issuer#alice:1',
  '__proto__',
  'constructor',
] as const;

const teamExtra = 'userextras/example.com/team';

/** The verb `impersonate`. */
const legacy = {
  users: grant(rule('impersonate', core, 'users')),
  'users: bob': grant(rule('impersonate', core, 'users', 'bob')),
  'users: odd': grant(rule('impersonate', core, 'users', ...oddNames)),
  'users: star': grant(rule('impersonate', core, 'users', '*')),
  'users of all groups': grant(rule('impersonate', ['*'], 'users')),
  'users of another group': grant(rule('impersonate', authentication, 'users')),
  'users in one namespace': inTeam(rule('impersonate', core, 'users')),
  'any verb on users': grant(rule('*', core, 'users')),
  'all of core': grant(rule('impersonate', core, '*')),
  groups: grant(rule('impersonate', core, 'groups')),
  'groups: dev': grant(rule('impersonate', core, 'groups', 'dev')),
  'groups: odd': grant(rule('impersonate', core, 'groups', ...oddNames)),
  'groups: masters': grant(rule('impersonate', core, 'groups', 'system:masters')),
  'groups: star': grant(rule('impersonate', core, 'groups', '*')),
  'groups: empty': grant(rule('impersonate', core, 'groups', '')),
  'service accounts': grant(rule('impersonate', core, 'serviceaccounts')),
  'service accounts: robot': grant(rule('impersonate', core, 'serviceaccounts', 'robot')),
  'service accounts of a team': inTeam(rule('impersonate', core, 'serviceaccounts')),
  nodes: grant(rule('impersonate', core, 'nodes')),
  uids: grant(rule('impersonate', authentication, 'uids')),
  'uids: 1': grant(rule('impersonate', authentication, 'uids', '1')),
  'uids of another group': grant(rule('impersonate', core, 'uids')),
  'extra: team': grant(rule('impersonate', authentication, teamExtra)),
  'extra: team blue': grant(rule('impersonate', authentication, teamExtra, 'blue')),
  'extra: scopes': grant(rule('impersonate', authentication, 'userextras/scopes')),
  'extra: scopes view': grant(
    rule('impersonate', authentication, 'userextras/scopes', 'view', 'a,b'),
  ),
  'extra: without a key': grant(rule('impersonate', authentication, 'userextras')),
  'extra: star': grant(rule('impersonate', authentication, 'userextras/*')),
  'any resource with the team': grant(rule('impersonate', authentication, '*/example.com/team')),
  'extra of another group': grant(rule('impersonate', core, teamExtra)),
  'all of authentication': grant(rule('impersonate', authentication, '*')),
} as const satisfies Readonly<Record<string, Grant>>;

const userInfo = 'impersonate:user-info';

/** The verbs `impersonate:…`. */
const constrained = {
  'info: users': grant(rule(userInfo, authentication, 'users')),
  'info: bob': grant(rule(userInfo, authentication, 'users', 'bob')),
  'info: odd': grant(rule(userInfo, authentication, 'users', ...oddNames)),
  'info: users of another group': grant(rule(userInfo, core, 'users')),
  'info: groups': grant(rule(userInfo, authentication, 'groups')),
  'info: dev and ops': grant(rule(userInfo, authentication, 'groups', 'dev', 'ops')),
  'info: groups star': grant(rule(userInfo, authentication, 'groups', '*')),
  'info: masters': grant(rule(userInfo, authentication, 'groups', 'system:masters')),
  'info: uids': grant(rule(userInfo, authentication, 'uids')),
  'info: uid 1': grant(rule(userInfo, authentication, 'uids', '1')),
  'info: team': grant(rule(userInfo, authentication, teamExtra)),
  'info: team blue': grant(rule(userInfo, authentication, teamExtra, 'blue')),
  'info: scopes': grant(rule(userInfo, authentication, 'userextras/scopes')),
  'info: extras star': grant(rule(userInfo, authentication, 'userextras/*')),
  'info: extras star star': grant(rule(userInfo, authentication, 'userextras/*', '*')),
  'info: extras without a key': grant(rule(userInfo, authentication, 'userextras')),
  'info: all': grant(rule(userInfo, authentication, '*')),
  'info: nodes': grant(rule(userInfo, authentication, 'nodes')),
  'account: any': grant(rule('impersonate:serviceaccount', authentication, 'serviceaccounts')),
  'account: robot': grant(
    rule('impersonate:serviceaccount', authentication, 'serviceaccounts', 'robot'),
  ),
  'account: of a team': inTeam(
    rule('impersonate:serviceaccount', authentication, 'serviceaccounts'),
  ),
  'node: any': grant(rule('impersonate:arbitrary-node', authentication, 'nodes')),
  'node: lab': grant(rule('impersonate:arbitrary-node', authentication, 'nodes', 'lab-node')),
  'own node: any': grant(rule('impersonate:associated-node', authentication, 'nodes')),
  'own node: star': grant(rule('impersonate:associated-node', authentication, 'nodes', '*')),
  'own node: lab': grant(rule('impersonate:associated-node', authentication, 'nodes', 'lab-node')),
  'any verb on all of authentication': grant(rule('*', authentication, '*')),
  admin: grant(rule('*', ['*'], '*'), { verbs: ['*'], nonResourceURLs: ['*'] }),
} as const satisfies Readonly<Record<string, Grant>>;

export const reviews = 'selfsubjectreviews';
const everyVerb = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

/** What may be done at all in a constrained mode. */
function onRequests(mode: string): Readonly<Record<'anything' | 'reviews' | 'pods', Grant>> {
  const on = (verb: string): string => `impersonate-on:${mode}:${verb}`;
  const all = [...everyVerb, 'deletecollection', 'post', 'head'].map(on);
  return {
    anything: grant(
      { verbs: all, apiGroups: ['*'], resources: ['*'] },
      { verbs: all, nonResourceURLs: ['*'] },
    ),
    reviews: grant(rule(on('create'), authentication, reviews)),
    pods: grant({
      verbs: [on('get'), on('list'), on('watch')],
      apiGroups: core,
      resources: ['pods'],
    }),
  };
}

const on = {
  info: onRequests('user-info'),
  account: onRequests('serviceaccount'),
  node: onRequests('arbitrary-node'),
  ownNode: onRequests('associated-node'),
};

const requests = {
  'info on anything': on.info.anything,
  'info on reviews': on.info.reviews,
  'info on pods': on.info.pods,
  'account on anything': on.account.anything,
  'account on reviews': on.account.reviews,
  'account on pods': on.account.pods,
  'node on anything': on.node.anything,
  'node on reviews': on.node.reviews,
  'node on pods': on.node.pods,
  'own node on anything': on.ownNode.anything,
  'own node on reviews': on.ownNode.reviews,
  'own node on pods': on.ownNode.pods,
  'info on pods of a team': inTeam(rule('impersonate-on:user-info:list', core, 'pods')),
  'info on one pod': grant(
    rule('impersonate-on:user-info:get', core, 'pods', 'hello'),
    rule('impersonate-on:user-info:list', core, 'pods', 'hello'),
  ),
  'info on logs': grant(rule('impersonate-on:user-info:get', core, 'pods/log')),
  'info on exec': grant(
    rule('impersonate-on:user-info:get', core, 'pods/exec'),
    rule('impersonate-on:user-info:create', core, 'pods/exec'),
  ),
  'info on collections': grant(
    rule('impersonate-on:user-info:deletecollection', core, 'configmaps'),
  ),
  'info on version': grant({
    verbs: ['impersonate-on:user-info:get'],
    nonResourceURLs: ['/version', '/livez', '/livez/*'],
  }),
  'info on discovery': grant({
    verbs: ['impersonate-on:user-info:get'],
    nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*'],
  }),
  'info on a verb with a star': grant(rule('impersonate-on:user-info:*', ['*'], '*')),
  'info on verbs of requests': grant(rule('create', authentication, reviews)),
} as const satisfies Readonly<Record<string, Grant>>;

export const grants = { ...legacy, ...constrained, ...requests };

export type GrantName = keyof typeof grants;

export const grantNames: readonly GrantName[] = Object.keys(grants).filter(
  (name): name is GrantName => Object.hasOwn(grants, name),
);
