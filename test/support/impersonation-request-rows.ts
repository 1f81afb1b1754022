/** Header lines in all their forms, and what of the request itself decides. */
import {
  extra,
  groups,
  requests,
  teamKey,
  uid,
  user,
  type ApiRequest,
  type Line,
} from './impersonation-case.ts';
import { row, type End, type Row } from './impersonation-row.ts';
import { oddNames, type GrantName } from './impersonation-world.ts';

const bob = user('bob');
const all: readonly GrantName[] = ['users', 'groups', 'all of authentication'];

const lineRows: readonly Row[] = [
  row('always', 'names in lower case', all, [
    ['impersonate-user', 'bob'],
    ['impersonate-group', 'dev'],
    ['impersonate-uid', '1'],
    ['impersonate-extra-scopes', 'x'],
  ]),
  row('always', 'names in upper case', all, [
    ['IMPERSONATE-USER', 'bob'],
    ['IMPERSONATE-GROUP', 'dev'],
    ['IMPERSONATE-UID', '1'],
    ['IMPERSONATE-EXTRA-SCOPES', 'x'],
  ]),
  row('always', 'names in mixed case', all, [
    ['iMPERSONATE-uSER', 'bob'],
    ['Impersonate-GROUP', 'a'],
    ['impersonate-Group', 'b'],
  ]),
  row('always', 'groups before the user', all, [...groups('dev'), bob, ...groups('ops')]),
  row('always', 'two users', ['users: bob'], [bob, user('carol')]),
  row('never', 'two users, the other first', ['users: bob'], [user('carol'), bob]),
  row('nobody', 'an empty user before a real one', ['users'], [user(''), bob]),
  row('always', 'an empty user after a real one', ['users'], [bob, user('')]),
  row('always', 'two uids', ['users', 'uids: 1'], [bob, uid('1'), uid('2')]),
  row('always', 'an empty uid before a real one', ['users'], [bob, uid(''), uid('2')]),
  row(
    'always',
    'white space around',
    ['users: bob', 'groups: dev'],
    [user(' bob\t'), ...groups('\t dev ')],
  ),
  row('always', 'a user with a comma', ['users: odd'], [user('a,b')]),
  row('always', 'sixty-three values', all, [
    bob,
    ...groups(...Array.from({ length: 61 }, (_, index) => `g${index}`)),
    uid('1'),
  ]),
  row('always', 'a long name', ['users'], [user('u'.repeat(4_000))]),
];

/** Nothing is asked for that could be refused. */
const nobodyRows: readonly Row[] = [
  row('nobody', 'nothing', [], []),
  row('nobody', 'an empty user', [], [user('')]),
  row('nobody', 'an empty uid', [], [uid('')]),
  row('nobody', 'an empty user and an empty uid', [], [user(''), uid('')]),
  row('nobody', 'a blank user', [], [user('  ')]),
  row('bad', 'a group for nobody', all, groups('dev')),
  row('bad', 'groups for nobody', all, groups('dev', 'a,b', '"x"', 'größe')),
  row('bad', 'an empty group for nobody', all, groups('')),
  row('bad', 'a uid for nobody', all, [uid('1')]),
  row('bad', 'an odd uid for nobody', all, [uid('a"b\\c ß')]),
  row('bad', 'an extra for nobody', all, extra(teamKey, 'blue')),
  row('bad', 'an extra with values for nobody', all, extra(teamKey, 'blue', '', 'b,c')),
  row('bad', 'an empty key for nobody', all, extra('', 'x')),
  row('bad', 'everything for nobody', all, [
    uid('1'),
    ...groups('dev', 'ops'),
    ...extra(teamKey, 'blue'),
  ]),
  row('bad', 'two extras for nobody', all, [...extra(teamKey, 'z'), ...extra('a', 'y')]),
  row('bad', 'a group for an empty user', all, [user(''), bob, ...groups('dev')]),
  row('bad', 'a group for nobody, by one who may nothing', [], groups('dev')),
  row('bad', 'a group for nobody, where text is answered', [], groups('dev'), {
    request: requests.version,
  }),
];

const robot = user('system:serviceaccount:team-a:robot');

/** Each with what may be done to pods only, in the way of users. */
function onPods(...rows: readonly (readonly [End, string, ApiRequest, GrantName])[]): Row[] {
  return rows.map(([end, what, request, may]) =>
    row(end, `${what} with "${may}"`, ['info: users', may], [bob], { request }),
  );
}

const constrainedRequests = onPods(
  ['constrained', 'a list', requests.pods, 'info on pods'],
  ['constrained', 'a list of all', requests['all pods'], 'info on pods'],
  ['constrained', 'a watch', requests['a watch'], 'info on pods'],
  ['constrained', 'an old watch', requests['an old watch'], 'info on pods'],
  ['constrained', 'one pod', requests['one pod'], 'info on pods'],
  ['never', 'a log', requests['a log'], 'info on pods'],
  ['never', 'to delete all', { ...requests.pods, method: 'DELETE' }, 'info on pods'],
  ['constrained', 'a log', requests['a log'], 'info on logs'],
  ['never', 'one pod', requests['one pod'], 'info on logs'],
  ['constrained', 'a list', requests.pods, 'info on pods of a team'],
  [
    'never',
    'a list of another namespace',
    requests['pods of another namespace'],
    'info on pods of a team',
  ],
  ['never', 'a list of all', requests['all pods'], 'info on pods of a team'],
  ['never', 'a watch', requests['a watch'], 'info on pods of a team'],
  ['constrained', 'one pod', requests['one pod'], 'info on one pod'],
  ['constrained', 'a list of one pod', requests['one pod of a list'], 'info on one pod'],
  ['never', 'a list', requests.pods, 'info on one pod'],
  ['never', 'a list but for one pod', requests['other pods of a list'], 'info on one pod'],
  ['constrained', 'a collection', requests['a collection'], 'info on collections'],
  ['never', 'a collection', requests['a collection'], 'info on pods'],
  ['constrained', 'a path', requests.version, 'info on version'],
  ['constrained', 'another path', requests.livez, 'info on version'],
  ['constrained', 'a path below', requests['a part of livez'], 'info on version'],
  ['never', 'a path that is not named', requests.discovery, 'info on version'],
  ['never', 'the first discovery', requests['first discovery'], 'info on version'],
  ['never', 'another method', requests.head, 'info on version'],
  ['constrained', 'discovery', requests.discovery, 'info on anything'],
  ['never', 'a list', requests.pods, 'info on a verb with a star'],
  ['never', 'a list', requests.pods, 'info on verbs of requests'],
  ['never', 'a list', requests.pods, 'account on anything'],
);

/** A refusal names the requester and what was asked for; what looks like HTML is not left as it is. */
const quotedRows: readonly Row[] = [
  ...oddNames.map((name) =>
    row('never', 'a user', [], [bob], { by: { name: `requester ${name}`, may: [] } }),
  ),
  row('never', 'a path with signs', [], [bob], {
    request: { method: 'GET', path: '/livez/a%26%3Cb%3E%22c%22%C3%B6%E2%80%A8' },
  }),
  row('never', 'a resource with signs', [], [bob], {
    request: { method: 'GET', path: '/api/v1/namespaces/%3Ca%3E/%26b/%22c%22/d%C3%B6' },
  }),
  ...['%3ca%3e', '%26', 'a%22b%5c', '%e2%80%a8x', '%f0%9f%98%80', 'x%cc%81', 'x%c2%85y'].map(
    (key) => row('never', `the key ${key}`, ['users'], [bob, ...extra(key, 'x')]),
  ),
  ...['\u200b', 'a\u2028b', '😀', 'e\u0301', 'a\u00a0b', '\ufffd', '\ue000'].map((name) =>
    row('never', `the user ${JSON.stringify(name)}`, [], [user(name)]),
  ),
];

const laterRefusals: readonly Row[] = [
  row('constrained', 'a method that is not there', ['info: users', 'info on anything'], [bob], {
    request: requests.head,
    status: 405,
  }),
  row('always', 'a user who may not', ['users'], [bob], {
    request: requests.secrets,
    status: 403,
  }),
  row('constrained', 'a user who may not, newly', ['info: users', 'info on anything'], [bob], {
    request: requests.secrets,
    status: 403,
  }),
  row('always', 'a master who may', ['users', 'groups'], [bob, ...groups('system:masters')], {
    request: requests.secrets,
  }),
  row('always', 'a path that he may not', ['users'], [bob], {
    request: requests.metrics,
    status: 403,
  }),
  row('constrained', 'a robot', ['account: any', 'account on pods'], [robot], {
    request: requests.pods,
  }),
  row('never', 'a robot for whom it is not allowed', ['account: any', 'account on pods'], [robot], {
    request: requests.version,
  }),
  row(
    'constrained',
    'a node that asks for much',
    ['node: any', 'node on anything'],
    [user('system:node:lab-node')],
    { request: requests.secrets, status: 403 },
  ),
  row('never', 'the user of old, on a request', [], [bob], { request: requests.pods }),
  row('never', 'the user of old, on a path', [], [bob], { request: requests.version }),
  row('never', 'the user of old, on discovery', [], [bob], {
    request: requests['first discovery'],
  }),
  row('nobody', 'nothing of a list', [], [], { request: requests.pods }),
  row('nobody', 'nothing of secrets', [], [], { request: requests.secrets, status: 403 }),
];

function differing(
  straight: End,
  ours: Extract<Row['end'], object>['ours'],
  because: string,
  ...rows: readonly (readonly [what: string, lines: readonly Line[], may?: readonly GrantName[]])[]
): readonly Row[] {
  return rows.map(([what, lines, may = all]) => row({ straight, ours, because }, what, may, lines));
}

/** Where we refuse what kube-apiserver does not, or in another way. */
const byDesign: readonly Row[] = [
  ...differing(
    'always',
    'impersonation_malformed',
    'a header that Kubernetes may give a meaning one day, or a slip of the pen',
    ['a header of no known name', [bob, ['Impersonate-Foo', 'x']]],
    ['extras without a hyphen', [bob, ['Impersonate-Extra', 'x']]],
    ['groups in the plural', [bob, ['Impersonate-Groups', 'x']]],
    ['a key that is not UTF-8', [bob, ...extra('a%ff', 'x')]],
  ),
  ...differing('nobody', 'impersonation_malformed', 'the same, for nobody', [
    'a header of no known name for nobody',
    [['Impersonate-Foo', 'x']],
  ]),
  ...differing('always', 'impersonation_too_large', 'each value costs a question', [
    'sixty-five values',
    [bob, ...groups(...Array.from({ length: 64 }, (_, index) => `g${index}`))],
  ]),
  ...differing(
    'always',
    'name_not_carriable',
    'no header carries it to the API server unchanged',
    ['an empty key', [bob, ...extra('', 'x')]],
    ['a key with space before it', [bob, ...extra('%20a', 'x')]],
    ['a key with a line break', [bob, ...extra('a%0ab', 'x')]],
    ['a name that ends with a space of another alphabet', [user('bob\u00a0')]],
    ['a group that ends with one', [bob, ...groups('dev\u3000')]],
  ),
  ...differing(
    'always',
    'reserved_name',
    'only we may tell the API server of the requester',
    [
      'the extra that tells of the requester',
      [bob, ...extra('originaluser.jetstack.io-user', 'a')],
    ],
    ['it in upper case', [bob, ...extra('%4friginaluser.jetstack.io-groups', 'a')]],
  ),
  ...differing('never', 'reserved_name', 'it is refused before anything is asked', [
    'it without a permission',
    [bob, ...extra('originaluser.jetstack.io-uid', 'a')],
    [],
  ]),
  ...differing(
    'always',
    'Envoy',
    'its configuration refuses underscores in names of headers',
    ['a key with an underscore', [bob, ...extra('a_b', 'x')]],
    ['a user with an underscore', [bob, ['Impersonate_User', 'carol']]],
  ),
];

export const requestRows: readonly Row[] = [
  ...lineRows,
  ...nobodyRows,
  ...constrainedRequests,
  ...quotedRows,
  ...laterRefusals,
  ...byDesign,
];
