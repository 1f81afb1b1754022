/** Extras: their keys, which stand in headers' names, and their values. */
import { extra, groups, teamKey, uid, user } from './impersonation-case.ts';
import { row, type Row } from './impersonation-row.ts';
import type { GrantName } from './impersonation-world.ts';

const bob = user('bob');
const anyInfo: readonly GrantName[] = ['info: users', 'info on reviews'];
const allInfo: readonly GrantName[] = ['info: all', 'info on reviews'];
const allLegacy: readonly GrantName[] = ['users', 'groups', 'all of authentication'];

const legacyRows: readonly Row[] = [
  row('always', 'an extra', ['users', 'extra: team'], [bob, ...extra(teamKey, 'blue')]),
  row(
    'always',
    'an extra with two values',
    ['users', 'extra: team'],
    [bob, ...extra(teamKey, 'z', 'a', 'z')],
  ),
  row('always', 'a value by name', ['users', 'extra: team blue'], [bob, ...extra(teamKey, 'blue')]),
  row('never', 'another value', ['users', 'extra: team blue'], [bob, ...extra(teamKey, 'red')]),
  row(
    'never',
    'a second value',
    ['users', 'extra: team blue'],
    [bob, ...extra(teamKey, 'blue', 'red')],
  ),
  row(
    'never',
    'an extra by a rule without a key',
    ['users', 'extra: without a key'],
    [bob, ...extra('scopes', 'view')],
  ),
  row(
    'never',
    'an extra by a star for keys',
    ['users', 'extra: star'],
    [bob, ...extra('scopes', 'view')],
  ),
  row(
    'always',
    'an extra by a star for resources',
    ['users', 'any resource with the team'],
    [bob, ...extra(teamKey, 'blue')],
  ),
  row(
    'never',
    "the core's extras",
    ['users', 'extra of another group'],
    [bob, ...extra(teamKey, 'blue')],
  ),
  row(
    'always',
    'a key that is no path',
    ['users', 'extra: scopes'],
    [bob, ...extra('scopes', 'x')],
  ),
  row(
    'always',
    'a value with a comma',
    ['users', 'extra: scopes view'],
    [bob, ...extra('scopes', 'a,b')],
  ),
  row('always', 'a key in upper case', ['users', 'extra: scopes'], [bob, ...extra('SCOPES', 'x')]),
  row('always', 'an escaped key', ['users', 'extra: scopes'], [bob, ...extra('%73c%6Fpes', 'x')]),
  row(
    'never',
    'an escaped upper case',
    ['users', 'extra: scopes'],
    [bob, ...extra('%53copes', 'x')],
  ),
  row('always', 'an escaped upper case, allowed', allLegacy, [bob, ...extra('%53copes', 'x')]),
  row('always', 'a bad escape', allLegacy, [bob, ...extra('A%zz%41', 'x')]),
  row('always', 'half an escape', allLegacy, [bob, ...extra('a%4', 'x')]),
  row('always', 'an escaped percent sign', allLegacy, [bob, ...extra('a%2541', 'x')]),
  row('always', 'a plus sign', allLegacy, [bob, ...extra('a+b', 'x')]),
  row('always', 'a key that is not ASCII', allLegacy, [bob, ...extra('gr%c3%b6%c3%9fe', 'x')]),
  row('always', 'the key __proto__', allLegacy, [bob, ...extra('%5f%5fproto%5f%5f', 'x')]),
  row('always', 'the key constructor', allLegacy, [bob, ...extra('constructor', 'x')]),
  row('always', 'a key with all signs', allLegacy, [bob, ...extra("a!#$&'*+.^`|~b", 'x')]),
  row('always', 'a key with a space inside', allLegacy, [bob, ...extra('a%20b', 'x')]),
  row('always', 'an empty value', allLegacy, [bob, ...extra(teamKey, '')]),
  row('always', 'an empty value among others', allLegacy, [bob, ...extra(teamKey, '', 'blue', '')]),
  row('always', 'an odd value', allLegacy, [bob, ...extra(teamKey, 'größe "x", y')]),
  row('always', 'one key in two spellings', allLegacy, [
    bob,
    ...extra('Scopes', 'a'),
    ...extra('%73copes', 'b'),
    ...extra('scopes', 'c'),
  ]),
  row('always', 'two extras', allLegacy, [bob, ...extra(teamKey, 'blue'), ...extra('scopes', 'x')]),
  row(
    'never',
    'the second extra',
    ['users', 'extra: team'],
    [bob, ...extra(teamKey, 'blue'), ...extra('scopes', 'x')],
  ),
  row('always', "Kubernetes' own key", allLegacy, [
    bob,
    ...extra('authentication.kubernetes.io%2Fcredential-id', 'JTI=forged'),
  ]),
];

const constrainedRows: readonly Row[] = [
  row('constrained', 'an extra', [...anyInfo, 'info: team'], [bob, ...extra(teamKey, 'blue')]),
  row(
    'constrained',
    'a value by name',
    [...anyInfo, 'info: team blue'],
    [bob, ...extra(teamKey, 'blue')],
  ),
  row('never', 'another value', [...anyInfo, 'info: team blue'], [bob, ...extra(teamKey, 'red')]),
  row(
    'never',
    'a key that is no path',
    [...anyInfo, 'info: scopes'],
    [bob, ...extra('scopes', 'x')],
  ),
  row('never', 'an empty key', allInfo, [bob, ...extra('', 'x')]),
  row('never', 'an upper-case letter in the path', allInfo, [
    bob,
    ...extra('example.com%2f%54eam', 'x'),
  ]),
  row('never', 'an upper-case letter in the domain', allInfo, [
    bob,
    ...extra('%45xample.com%2fteam', 'x'),
  ]),
  row('never', 'a key without a path', allInfo, [bob, ...extra('example.com%2f', 'x')]),
  row('never', 'a key without a domain', allInfo, [bob, ...extra('%2fteam', 'x')]),
  row('never', 'a bad path', allInfo, [bob, ...extra('example.com%2fa%20b%22', 'x')]),
  row('never', 'a bad domain and a bad path', allInfo, [bob, ...extra('-a%2f%7b%7d', 'x')]),
  row('never', 'a long domain', allInfo, [bob, ...extra(`${'a.'.repeat(130)}a%2fb`, 'x')]),
  row('constrained', 'a path with a percent sign', allInfo, [
    bob,
    ...extra('example.com%2fa%252fb', 'x'),
  ]),
  row('never', 'an empty value', allInfo, [bob, ...extra(teamKey, 'blue', '')]),
  row(
    'constrained',
    'four values by a rule',
    [...anyInfo, 'info: team'],
    [bob, ...extra(teamKey, 'a', 'b', 'c', 'd')],
  ),
  row(
    'constrained',
    'four values by stars',
    [...anyInfo, 'info: extras star star'],
    [bob, ...extra(teamKey, 'a', 'b', 'c', 'd')],
  ),
  row(
    'constrained',
    'four values by a star',
    [...anyInfo, 'info: extras star'],
    [bob, ...extra(teamKey, 'a', 'b', 'c', 'd')],
  ),
  row(
    'never',
    'three values by stars',
    [...anyInfo, 'info: extras star star'],
    [bob, ...extra(teamKey, 'a', 'b', 'c')],
  ),
  row(
    'constrained',
    'four keys by stars',
    [...anyInfo, 'info: extras star star'],
    [bob, ...['a', 'b', 'c', 'd'].flatMap((path) => extra(`example.com%2f${path}`, 'x'))],
  ),
  row(
    'never',
    'four keys by one rule',
    [...anyInfo, 'info: team'],
    [bob, ...['team', 'b', 'c', 'd'].flatMap((path) => extra(`example.com%2f${path}`, 'x'))],
  ),
  row(
    'never',
    'four values by a rule without a key',
    [...anyInfo, 'info: extras without a key'],
    [bob, ...extra(teamKey, 'a', 'b', 'c', 'd')],
  ),
  row('constrained', 'all at once', allInfo, [
    bob,
    uid('1'),
    ...groups('a', 'b', 'c', 'd', 'e'),
    ...extra(teamKey, 'a', 'b', 'c', 'd'),
  ]),
];

export const extraRows: readonly Row[] = [...legacyRows, ...constrainedRows];
