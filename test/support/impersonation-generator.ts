/** Random requests that ask to be somebody else, near the border between what is allowed and what isn't. */
import {
  requests,
  whoAmI,
  type ApiRequest,
  type Case,
  type Line,
  type Requester,
} from './impersonation-case.ts';
import { accounts, type AccountName } from './impersonation-manifests.ts';
import { grantNames, oddNames, type GrantName } from './impersonation-world.ts';
import type { Random } from './random.ts';

type Some<T> = readonly [T, ...T[]];

const usernames: Some<string> = [
  'bob',
  'bob',
  'carol',
  'public',
  'Bob',
  '*',
  'system:serviceaccount:team-a:robot',
  'system:serviceaccount:team-a:robot',
  'system:serviceaccount:team-a:public',
  'system:serviceaccount:default:agent',
  'system:serviceaccount:Foo:bar',
  'system:serviceaccount:a:b:c',
  'system:node:lab-node',
  'system:node:lab-node',
  'system:node:other-node',
  'system:node:Lab_Node',
  'system:anonymous',
  'system:admin',
  ...oddNames,
];

const groupNames: Some<string> = [
  'dev',
  'dev',
  'ops',
  'qa',
  '*',
  '',
  'system:masters',
  'system:authenticated',
  'system:unauthenticated',
  'system:nodes',
  'system:serviceaccounts',
  ...oddNames,
];

/** As they stand in a header's name; %5f for `_`, which Envoy doesn't take. */
const keys: Some<string> = [
  'example.com%2fteam',
  'example.com%2fteam',
  'Example.com%2FTeam',
  'example.com%2F%74eam',
  'example.com%2F%54eam',
  'scopes',
  'Scopes',
  '%73copes',
  'example.com%2froles',
  'acme.io%2fa%252fb',
  'acme.io%2f',
  'a%zz',
  'a%41b',
  'gr%c3%b6%c3%9fe',
  '%5f%5fproto%5f%5f',
  'toString',
  'authentication.kubernetes.io%2fcredential-id',
];

/** What keys and names that mean something are almost made of. */
const keyParts = [
  "a b Z 0 - . .. %2f %2F %2f%2f %41 %7a %25 %zz %4 ~ ! * + | ' %3a %3c %22 %5c %5f %40 a%20b",
  'example.com Example.com x%e2%80%a8y %c3%b6 %f0%9f%98%80',
  `${'a'.repeat(63)} ${'a.'.repeat(60)}`,
].flatMap((line) => line.split(' '));
const nameParts = [
  'a b Z 0 - . _ : ö team-a robot lab-node',
  `${'a'.repeat(63)} ${'a'.repeat(64)} ${'a.'.repeat(60)}`,
].flatMap((line) => line.split(' '));
const namePrefixes: Some<string> = [
  'system:serviceaccount:team-a:',
  'system:serviceaccount:',
  'system:node:',
  'system:',
  '',
];

const values: Some<string> = ['blue', 'blue', 'view', 'x', '', 'a,b', 'größe', 'two words', '<&>"'];

const uids: Some<string> = ['1', '1', '42', '', 'u,1', 'ü'];

/** With it, many groups and extras may be had, but not few. */
const starBundle: readonly GrantName[] = [
  'info: users',
  'info: groups star',
  'info: extras star star',
  'info on anything',
];

/** Sets of grants with which something is allowed. */
const bundles: Some<readonly GrantName[]> = [
  [],
  ['admin'],
  ['users', 'groups', 'service accounts', 'all of authentication'],
  ['all of core', 'all of authentication'],
  ['users', 'service accounts'],
  ['users: bob', 'groups: dev', 'extra: team', 'uids: 1'],
  ['users: odd', 'groups: odd', 'extra: scopes'],
  ['any verb on users', 'groups', 'uids', 'any resource with the team'],
  ['info: all', 'info on anything'],
  ['info: all', 'info on reviews', 'info on pods'],
  starBundle,
  ['info: bob', 'info: dev and ops', 'info: team', 'info: uid 1', 'info on reviews'],
  ['info: odd', 'info: groups', 'info: uids', 'info: scopes', 'info on anything'],
  ['account: any', 'account on anything', 'node: any', 'node on anything'],
  ['account: of a team', 'account on reviews', 'node: lab', 'node on pods'],
  ['any verb on all of authentication', 'info on pods', 'account on pods', 'node on pods'],
];

const wanted: readonly ApiRequest[] = Object.values(requests).filter(
  ({ path }) => !path.includes('timeoutSeconds'),
);
const slow: readonly ApiRequest[] = [requests['a watch'], requests['an old watch']];
const accountNames = Object.keys(accounts).filter((name): name is AccountName =>
  Object.hasOwn(accounts, name),
);

function some<T>(random: Random, from: readonly T[], most: number): readonly T[] {
  return Array.from(
    { length: random.below(most + 1) },
    () => from[random.below(from.length)],
  ).filter((one) => one !== undefined);
}

function oneOf<T>(random: Random, from: readonly T[], fallback: T): T {
  return from[random.below(from.length)] ?? fallback;
}

function composed(random: Random, parts: readonly string[]): string {
  const count = 1 + random.below(4);
  return Array.from({ length: count }, () => oneOf(random, parts, '')).join('');
}

function randomKey(random: Random): string {
  return random.below(4) === 0 ? composed(random, keyParts) : random.pick(keys);
}

function randomUsername(random: Random): string {
  if (random.below(6) > 0) return random.pick(usernames);
  return random.pick(namePrefixes) + composed(random, nameParts);
}

/** Random spelling of a header's name. */
function spelled(random: Random, name: string): string {
  switch (random.below(4)) {
    case 0:
      return name.toLowerCase();
    case 1:
      return name.toUpperCase();
    case 2:
      return Array.from(name, (letter) =>
        random.below(2) === 0 ? letter.toLowerCase() : letter.toUpperCase(),
      ).join('');
    default:
      return name;
  }
}

function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: random.below(1 << 30) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item);
}

function randomLines(random: Random): readonly Line[] {
  const isPlain = random.below(3) === 0;
  const users =
    random.below(25) === 0 ? some(random, [...usernames, ''], 3) : [randomUsername(random)];
  const most = random.below(4) === 0 ? 6 : 2;
  const groups = isPlain ? [] : some(random, groupNames, most);
  const ids = isPlain || random.below(3) > 0 ? [] : some(random, uids, 2);
  const extras =
    isPlain || random.below(2) === 0
      ? []
      : Array.from({ length: 1 + random.below(most) }, () => randomKey(random)).flatMap((key) =>
          [random.pick(values), ...some(random, values, random.below(3))].map(
            (value) => [`Impersonate-Extra-${key}`, value] as const,
          ),
        );
  const lines: readonly Line[] = [
    ...users.map((name) => ['Impersonate-User', name] as const),
    ...groups.map((name) => ['Impersonate-Group', name] as const),
    ...ids.map((text) => ['Impersonate-Uid', text] as const),
    ...extras,
  ];
  return shuffled(random, lines).map(([name, value]) => [spelled(random, name), value] as const);
}

function randomGrants(random: Random): readonly GrantName[] {
  const whole = [random.pick(bundles), random.below(3) === 0 ? random.pick(bundles) : []].flat();
  const kept = random.below(3) === 0 ? whole.filter(() => random.below(3) > 0) : whole;
  return [...new Set([...kept, ...(random.below(2) === 0 ? some(random, grantNames, 4) : [])])];
}

/** Three to five groups, and as many values or keys: from four on, one question is asked for all. */
function linesAboutFour(random: Random): readonly Line[] {
  const count = (): number => random.below(2) * (3 + random.below(3));
  const groups = Array.from({ length: count() }, (_, index) => `group-${index}`);
  const paths = random.pick([['a'], ['a', 'b'], ['a', 'b', 'c', 'd']]);
  const extras = Array.from({ length: count() }, (_, index) => {
    const path = paths[index % paths.length] ?? 'a';
    return [`Impersonate-Extra-example.com%2f${path}`, `value-${index}`] as const;
  });
  return [
    ['Impersonate-User', 'bob'],
    ...groups.map((group) => ['Impersonate-Group', group] as const),
    ...extras,
  ];
}

/** Whom a service account may be more likely than others. */
const accountTargets: Some<string> = ['system:node:lab-node', 'system:node:other-node', 'bob'];

function randomRequest(random: Random): ApiRequest {
  if (random.below(60) === 0) return oneOf(random, slow, whoAmI);
  return random.below(5) < 3 ? whoAmI : oneOf(random, wanted, whoAmI);
}

/**
 * The requests of one lane, to be sent one after the other. Half of them come from requesters of the
 * lane, who are remembered by both sides for the way in which they were somebody else before: as
 * their requests come in the same order on both sides, what is remembered is the same.
 */
export function randomLane(
  random: Random,
  { lane, lanes, count }: { readonly lane: number; readonly lanes: number; readonly count: number },
): readonly Case[] {
  const ownAccounts = accountNames.filter((_, index) => index % lanes === lane);
  const regulars: readonly Requester[] = [
    ...ownAccounts.map((account) => ({ account })),
    ...Array.from({ length: 2 }, (_, index) => ({
      name: `regular-${lane}-${index}`,
      may: [...new Set([...random.pick(bundles), ...random.pick(bundles)])],
      team: ['green'],
    })),
  ];
  return Array.from({ length: count }, (_, index) => {
    const newcomer: Requester = {
      name: `random-${lane}-${index}${random.below(5) === 0 ? ` ${random.pick(oddNames)}` : ''}`,
      may: randomGrants(random),
      ...(random.below(3) === 0 && { uid: 'u-7', team: ['red', 'größe'] }),
    };
    const request = randomRequest(random);
    if (random.below(20) === 0) {
      const requester = { ...newcomer, may: starBundle };
      return { requester, lines: linesAboutFour(random), request };
    }
    const requester = random.below(2) === 0 ? newcomer : oneOf(random, regulars, newcomer);
    const isPlain = 'account' in requester && random.below(2) === 0;
    const lines = isPlain
      ? [['Impersonate-User', random.pick(accountTargets)] as const]
      : randomLines(random);
    return { requester, lines, request };
  });
}
