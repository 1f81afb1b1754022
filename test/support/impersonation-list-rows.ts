/** Groups and uids. */
import { groups, uid, user } from './impersonation-case.ts';
import { row, type Row } from './impersonation-row.ts';
import { oddNames, type GrantName } from './impersonation-world.ts';

const bob = user('bob');
const anyInfo: readonly GrantName[] = ['info: users', 'info on reviews'];
const allInfo: readonly GrantName[] = ['info: all', 'info on reviews'];

const groupRows: readonly Row[] = [
  row('always', 'a group', ['users', 'groups'], [bob, ...groups('dev')]),
  row('never', 'a group without the user', ['groups'], [bob, ...groups('dev')]),
  row('never', 'a user without the group', ['users'], [bob, ...groups('dev')]),
  row('always', 'a group by name', ['users', 'groups: dev'], [bob, ...groups('dev')]),
  row('never', 'the second group', ['users', 'groups: dev'], [bob, ...groups('dev', 'ops', 'a')]),
  row('always', 'a group twice', ['users', 'groups: dev'], [bob, ...groups('dev', 'dev')]),
  row('always', 'several groups', ['users', 'groups'], [bob, ...groups('z', 'a', 'm', 'a', 'b')]),
  row('always', 'masters', ['users', 'groups'], [bob, ...groups('system:masters')]),
  row(
    'always',
    'masters by name',
    ['users', 'groups: masters'],
    [bob, ...groups('system:masters')],
  ),
  row('never', 'masters, newly', [...anyInfo, 'info: masters'], [bob, ...groups('system:masters')]),
  row('never', 'masters among others, newly', allInfo, [bob, ...groups('dev', 'system:masters')]),
  row('always', 'masters by an administrator', ['admin'], [bob, ...groups('system:masters')]),
  row(
    'never',
    'a group by a star that is a name',
    ['users', 'groups: star'],
    [bob, ...groups('dev')],
  ),
  row(
    'never',
    'five groups by a star, of old',
    ['users', 'groups: star'],
    [bob, ...groups('a', 'b', 'c', 'd', 'e')],
  ),
  row('always', 'the group *', ['users', 'groups: star'], [bob, ...groups('*')]),
  ...oddNames.map((name) =>
    row('always', `the group ${name}`, ['users', 'groups: odd'], [bob, ...groups(name)]),
  ),
  row(
    'never',
    'a group with a comma as two',
    ['users', 'groups: dev'],
    [bob, ...groups('dev,dev')],
  ),
  row('constrained', 'a group, newly', [...anyInfo, 'info: groups'], [bob, ...groups('dev')]),
  row(
    'constrained',
    'two by name',
    [...anyInfo, 'info: dev and ops'],
    [bob, ...groups('dev', 'ops')],
  ),
  row('never', 'one of them not', [...anyInfo, 'info: dev and ops'], [bob, ...groups('dev', 'qa')]),
  row(
    'constrained',
    'four by name',
    [...anyInfo, 'info: dev and ops'],
    [bob, ...groups('dev', 'ops', 'dev', 'ops')],
  ),
  row(
    'never',
    'four, one of them not',
    [...anyInfo, 'info: dev and ops'],
    [bob, ...groups('dev', 'ops', 'dev', 'qa')],
  ),
  row(
    'constrained',
    'four by a star',
    [...anyInfo, 'info: groups star'],
    [bob, ...groups('a', 'b', 'c', 'd')],
  ),
  row(
    'never',
    'three by a star',
    [...anyInfo, 'info: groups star'],
    [bob, ...groups('a', 'b', 'c')],
  ),
  row(
    'never',
    'masters by a star',
    [...anyInfo, 'info: groups star'],
    [bob, ...groups('a', 'b', 'c', 'system:masters')],
  ),
  row('never', 'a group without its verb', anyInfo, [bob, ...groups('dev')]),
  row('always', 'an empty group', ['users', 'groups'], [bob, ...groups('')]),
  row(
    'always',
    'an empty group among others',
    ['users', 'groups'],
    [bob, ...groups('', 'dev', '')],
  ),
  row('never', 'an empty group without a permission', ['users'], [bob, ...groups('')]),
  row('always', 'an empty group by name', ['users', 'groups: empty'], [bob, ...groups('')]),
  row('never', 'an empty group, newly', allInfo, [bob, ...groups('dev', '')]),
  row(
    'always',
    'an empty group of a service account',
    ['service accounts', 'groups'],
    [user('system:serviceaccount:team-a:robot'), ...groups('')],
  ),
];

const uidRows: readonly Row[] = [
  row('always', 'a uid', ['users', 'uids'], [bob, uid('42')]),
  row('always', 'a uid by name', ['users', 'uids: 1'], [bob, uid('1')]),
  row('never', 'another uid', ['users', 'uids: 1'], [bob, uid('2')]),
  row('never', "the core's uids", ['users', 'uids of another group'], [bob, uid('1')]),
  row('never', 'a uid without a permission', ['users'], [bob, uid('1')]),
  row('always', 'an empty uid', ['users'], [bob, uid('')]),
  row('always', 'an odd uid', ['users', 'uids'], [bob, uid('größe,"x"')]),
  row('constrained', 'a uid, newly', [...anyInfo, 'info: uids'], [bob, uid('42')]),
  row('constrained', 'a uid by name, newly', [...anyInfo, 'info: uid 1'], [bob, uid('1')]),
  row('never', 'another uid, newly', [...anyInfo, 'info: uid 1'], [bob, uid('2')]),
  row(
    'never',
    'a uid before a group',
    ['users', 'info on reviews', 'info: users'],
    [bob, ...groups('dev'), uid('1')],
  ),
];

export const listRows: readonly Row[] = [...groupRows, ...uidRows];
