/** Users, service accounts, nodes, and those who are nobody or everybody. */
import { extra, groups, requests, teamKey, uid, user } from './impersonation-case.ts';
import { row, type Row } from './impersonation-row.ts';
import { oddNames, type GrantName } from './impersonation-world.ts';

const robot = user('system:serviceaccount:team-a:robot');
const node = user('system:node:lab-node');
const anyInfo: readonly GrantName[] = ['info: users', 'info on reviews'];
const anyAccount: readonly GrantName[] = ['account: any', 'account on reviews'];
const anyNode: readonly GrantName[] = ['node: any', 'node on reviews'];
const everything: readonly GrantName[] = [
  'users',
  'groups',
  'service accounts',
  'uids',
  'all of authentication',
];

const plainUsers: readonly Row[] = [
  row('never', 'a user by somebody who may nothing', [], [user('bob')]),
  row('always', 'a user', ['users'], [user('bob')]),
  row('always', 'a user by name', ['users: bob'], [user('bob')]),
  row('never', 'another user by name', ['users: bob'], [user('carol')]),
  row('never', 'a user in another case', ['users: bob'], [user('Bob')]),
  row('never', 'a user by a star that is a name', ['users: star'], [user('bob')]),
  row('always', 'the user *', ['users: star'], [user('*')]),
  row('always', 'a user by a rule for all groups', ['users of all groups'], [user('bob')]),
  row('never', 'a user by a rule for another group', ['users of another group'], [user('bob')]),
  row('never', 'a user by a rule in a namespace', ['users in one namespace'], [user('bob')]),
  row('always', 'a user by any verb on users', ['any verb on users'], [user('bob')]),
  row('always', 'a user by a rule for all of the core', ['all of core'], [user('bob')]),
  row('always', 'a user whom everybody may be', [], [user('public')]),
  row('never', 'that user with a group', [], [user('public'), ...groups('dev')]),
  row('constrained', 'a user in the new way', anyInfo, [user('bob')]),
  row('constrained', 'a user by name', ['info: bob', 'info on reviews'], [user('bob')]),
  row('never', 'another user by name', ['info: bob', 'info on reviews'], [user('carol')]),
  row('never', 'a user without a verb for requests', ['info: users'], [user('bob')]),
  row('never', 'a user without a verb for users', ['info on reviews'], [user('bob')]),
  row(
    'never',
    "the core's users",
    ['info: users of another group', 'info on reviews'],
    [user('bob')],
  ),
  row('constrained', 'a user by any verb', ['any verb on all of authentication'], [user('bob')]),
  row(
    'always',
    'anybody by an administrator',
    ['admin'],
    [user('carol'), uid('7'), ...groups('dev', 'ops'), ...extra(teamKey, 'blue')],
  ),
  row('never', 'oneself, who is nobody special', [], [user('requester-myself')], {
    by: { name: 'requester-myself', may: [] },
  }),
  row('always', 'oneself with the permission', ['users'], [user('requester-allowed')], {
    by: { name: 'requester-allowed', may: ['users'], uid: '7', team: ['red'] },
  }),
  row('constrained', 'somebody by one with a uid and extras', [], [user('bob')], {
    by: { name: 'requester-full', may: anyInfo, uid: 'u-1', team: ['red', 'blue'] },
  }),
  ...oddNames.map((name) => row('always', `the user ${name}`, ['users: odd'], [user(name)])),
  ...oddNames.map((name) => row('never', `the user ${name} by nobody`, [], [user(name)])),
  row('constrained', 'a user with quotes', ['info: odd', 'info on reviews'], [user('x<y>&"z"')]),
];

const notAccounts = [
  'system:serviceaccount:Foo:bar',
  'system:serviceaccount:foo:Bar',
  'system:serviceaccount:foo:bar:baz',
  'system:serviceaccount:foo',
  'system:serviceaccount::bar',
  'system:serviceaccount:foo:',
  'system:serviceaccount:foo.bar:baz',
  `system:serviceaccount:${'n'.repeat(64)}:bar`,
  'system:serviceaccount:foo:bar_baz',
  'System:serviceaccount:foo:bar',
];

const serviceAccounts: readonly Row[] = [
  row('always', 'a service account', ['service accounts'], [robot]),
  row('always', 'a service account by name', ['service accounts: robot'], [robot]),
  row('always', 'a service account of a team', ['service accounts of a team'], [robot]),
  row(
    'never',
    'a service account of another team',
    ['service accounts of a team'],
    [user('system:serviceaccount:default:robot')],
  ),
  row('never', 'a service account as a user', ['users'], [robot]),
  row(
    'always',
    'a service account that is not there',
    ['service accounts'],
    [user('system:serviceaccount:nowhere:a.b-c')],
  ),
  row(
    'always',
    'a service account with groups',
    ['service accounts', 'groups'],
    [robot, ...groups('dev')],
  ),
  row(
    'never',
    'a service account with groups that are not allowed',
    ['service accounts'],
    [robot, ...groups('system:serviceaccounts')],
  ),
  row('always', 'a service account with a uid', ['service accounts', 'uids'], [robot, uid('1')]),
  row('constrained', 'a service account in the new way', anyAccount, [robot]),
  row(
    'constrained',
    'a service account by name',
    ['account: robot', 'account on reviews'],
    [robot],
  ),
  row('constrained', 'one of a team', ['account: of a team', 'account on reviews'], [robot]),
  row(
    'never',
    'one of another team',
    ['account: of a team', 'account on reviews'],
    [user('system:serviceaccount:default:robot')],
  ),
  row('never', 'a service account in the way of users', anyInfo, [robot]),
  row(
    'never',
    'a service account with groups, newly',
    [...anyAccount, ...anyInfo, 'info: all'],
    [robot, ...groups('dev')],
  ),
  row(
    'never',
    'a service account with a uid, newly',
    [...anyAccount, 'info: all'],
    [robot, uid('1')],
  ),
  row(
    'never',
    'a service account with extras, newly',
    [...anyAccount, 'info: all'],
    [robot, ...extra(teamKey, 'blue')],
  ),
  row('never', 'a service account without a verb for requests', ['account: any'], [robot]),
  ...notAccounts.map((name) => row('always', `the user ${name}`, ['users'], [user(name)])),
  ...notAccounts
    .slice(0, 3)
    .map((name) => row('never', `no account ${name}`, ['service accounts'], [user(name)])),
  row('constrained', 'a name that is almost one, newly', anyInfo, [
    user('system:serviceaccount:Foo:bar'),
  ]),
];

const nodes: readonly Row[] = [
  row('always', 'a node as a user', ['users'], [node]),
  row('never', 'a node as a node', ['nodes'], [node]),
  row('always', 'a node with its group', ['users', 'groups'], [node, ...groups('system:nodes')]),
  row('constrained', 'a node in the new way', anyNode, [node]),
  row('constrained', 'a node by name', ['node: lab', 'node on reviews'], [node]),
  row(
    'never',
    'another node by name',
    ['node: lab', 'node on reviews'],
    [user('system:node:other-node')],
  ),
  row('never', 'a node in the way of users', [...anyInfo, 'info: nodes'], [node]),
  row(
    'never',
    'a node with a group, newly',
    [...anyNode, ...anyInfo, 'info: all'],
    [node, ...groups('system:nodes')],
  ),
  row('never', 'a node with a uid, newly', [...anyNode, ...anyInfo, 'info: all'], [node, uid('1')]),
  row('never', 'a node without a verb for requests', ['node: any'], [node]),
  row('constrained', 'a name that is no node', anyInfo, [user('system:node:Lab_Node')]),
  row('never', 'a name that is no node, by a node verb', anyNode, [user('system:node:Lab_Node')]),
  row('constrained', 'a node without a name', anyInfo, [user('system:node:')]),
];

const ownNodes: readonly Row[] = [
  row('constrained', 'the own node', [], [node], { by: { account: 'agent' } }),
  row('never', 'another node', [], [user('system:node:other')], { by: { account: 'agent' } }),
  row('never', 'the own node by its name', [], [node], { by: { account: 'named-agent' } }),
  row('constrained', 'the own node by a free agent', [], [node], { by: { account: 'free-agent' } }),
  row('constrained', 'the own node by a rule for nodes', [], [node], {
    by: { account: 'free-agent' },
    request: requests.pods,
  }),
  row('never', 'the own node without such a rule', [], [node], {
    by: { account: 'free-agent' },
    request: requests.version,
  }),
  row('never', 'a node that another token has', [], [node], { by: { account: 'lost-agent' } }),
  row('constrained', 'a node that is not there', [], [user('system:node:other-node')], {
    by: { account: 'lost-agent' },
  }),
  row('never', 'a node by a token without one', [], [node], { by: { account: 'homeless-agent' } }),
  row('never', 'the own node without a verb', [], [node], { by: { account: 'poor-agent' } }),
  row('always', 'the own node in the old way', [], [node], { by: { account: 'old-agent' } }),
  row('never', 'the own node with its group', [], [node, ...groups('system:nodes')], {
    by: { account: 'agent' },
  }),
  row('always', 'a user by a group of accounts', [], [user('bob')], { by: { account: 'deputy' } }),
  row('never', 'another user by that group', [], [user('carol')], { by: { account: 'deputy' } }),
  row('always', 'a user by our own account', [], [user('bob')], { by: { account: 'ourselves' } }),
  row('always', 'anybody by our own account', [], [robot, ...groups('system:masters'), uid('1')], {
    by: { account: 'ourselves' },
  }),
];

const special: readonly Row[] = [
  row('always', 'anonymous', ['users'], [user('system:anonymous')]),
  row('never', 'anonymous without a permission', [], [user('system:anonymous')]),
  row('constrained', 'anonymous, newly', anyInfo, [user('system:anonymous')]),
  row('always', 'anonymous who is authenticated', everything, [
    user('system:anonymous'),
    ...groups('system:authenticated'),
  ]),
  row('always', 'anonymous who is unauthenticated', everything, [
    user('system:anonymous'),
    ...groups('dev', 'system:unauthenticated'),
  ]),
  row('always', 'a user who is unauthenticated', everything, [
    user('bob'),
    ...groups('system:unauthenticated', 'dev'),
  ]),
  row('always', 'a user who is authenticated twice', everything, [
    user('bob'),
    ...groups('system:authenticated', 'dev', 'system:authenticated'),
  ]),
  row('always', 'a user who is both', everything, [
    user('bob'),
    ...groups('system:authenticated', 'system:unauthenticated'),
  ]),
  row('always', 'a service account that is unauthenticated', everything, [
    robot,
    ...groups('system:unauthenticated'),
  ]),
  row(
    'constrained',
    'an unauthenticated user, newly',
    [...anyInfo, 'info: groups'],
    [user('bob'), ...groups('system:unauthenticated')],
  ),
  row('always', 'a component of the control plane', ['users'], [user('system:kube-scheduler')]),
  row('always', 'the apiserver', everything, [
    user('system:apiserver'),
    ...groups('system:masters'),
  ]),
];

export const userRows: readonly Row[] = [
  ...plainUsers,
  ...serviceAccounts,
  ...nodes,
  ...ownNodes,
  ...special,
];
