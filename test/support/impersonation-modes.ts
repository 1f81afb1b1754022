/** What kube-apiserver's modes of impersonation ask, refuse and give, by reading its source at v1.36.3. */
import type { Identity } from '../../src/identity/identity.ts';

export const alice: Identity = {
  username: 'alice',
  uid: 'u1',
  groups: ['dev', 'system:authenticated'],
  extra: {},
};
export const agent: Identity = {
  username: 'system:serviceaccount:kube-system:agent',
  uid: '',
  groups: ['system:serviceaccounts', 'system:authenticated'],
  extra: { 'authentication.kubernetes.io/node-name': ['node-1'], b: ['x'], B: ['y'] },
};
export interface Asking {
  readonly requester?: Identity;
  readonly requested: Partial<Identity>;
}

/** By mode, everything that is asked for one target, in kube-apiserver's order. */
export const questions: readonly (readonly [
  title: string,
  asking: Asking,
  constrained: readonly string[],
  legacy: readonly string[],
])[] = [
  [
    'a user',
    { requested: { username: 'bob' } },
    [
      'impersonate-on:user-info:get v1 pods/log team/web',
      'impersonate:user-info authentication.k8s.io/v1 users bob',
      'impersonate v1 users bob',
    ],
    ['impersonate users bob'],
  ],
  [
    'a user with everything',
    {
      requested: {
        username: 'bob',
        uid: '7',
        groups: ['a', 'b'],
        extra: { 'acme.io/x': ['1', '2'] },
      },
    },
    [
      'impersonate-on:user-info:get v1 pods/log team/web',
      'impersonate:user-info authentication.k8s.io/v1 users bob',
      'impersonate:user-info authentication.k8s.io/v1 uids 7',
      'impersonate:user-info authentication.k8s.io/v1 groups a',
      'impersonate:user-info authentication.k8s.io/v1 groups b',
      'impersonate:user-info authentication.k8s.io/v1 userextras/acme.io/x 1',
      'impersonate:user-info authentication.k8s.io/v1 userextras/acme.io/x 2',
      'impersonate v1 users bob',
      'impersonate authentication.k8s.io/v1 uids 7',
      'impersonate v1 groups a',
      'impersonate v1 groups b',
      'impersonate authentication.k8s.io/v1 userextras/acme.io/x 1',
      'impersonate authentication.k8s.io/v1 userextras/acme.io/x 2',
    ],
    [
      'impersonate users bob',
      'impersonate groups a',
      'impersonate groups b',
      'impersonate authentication.k8s.io/v1 userextras/acme.io/x 1',
      'impersonate authentication.k8s.io/v1 userextras/acme.io/x 2',
      'impersonate authentication.k8s.io/v1 uids 7',
    ],
  ],
  [
    'a service account',
    { requested: { username: 'system:serviceaccount:team:bot' } },
    [
      'impersonate-on:serviceaccount:get v1 pods/log team/web',
      'impersonate:serviceaccount authentication.k8s.io/v1 serviceaccounts team/bot',
      'impersonate v1 serviceaccounts team/bot',
    ],
    ['impersonate serviceaccounts team/bot'],
  ],
  [
    'a service account with a group of its own: the legacy mode alone',
    { requested: { username: 'system:serviceaccount:team:bot', groups: ['g'] } },
    ['impersonate v1 serviceaccounts team/bot', 'impersonate v1 groups g'],
    ['impersonate serviceaccounts team/bot', 'impersonate groups g'],
  ],
  [
    'a name that is almost a service account’s',
    { requested: { username: 'system:serviceaccount:Team:bot' } },
    [
      'impersonate-on:user-info:get v1 pods/log team/web',
      'impersonate:user-info authentication.k8s.io/v1 users system:serviceaccount:Team:bot',
      'impersonate v1 users system:serviceaccount:Team:bot',
    ],
    ['impersonate users system:serviceaccount:Team:bot'],
  ],
  [
    'a node',
    { requested: { username: 'system:node:node-1' } },
    [
      'impersonate-on:arbitrary-node:get v1 pods/log team/web',
      'impersonate:arbitrary-node authentication.k8s.io/v1 nodes node-1',
      'impersonate v1 users system:node:node-1',
    ],
    ['impersonate users system:node:node-1'],
  ],
  [
    'a node, by the service account of a Pod on it',
    { requester: agent, requested: { username: 'system:node:node-1' } },
    [
      'impersonate-on:associated-node:get v1 pods/log team/web',
      'impersonate:associated-node authentication.k8s.io/v1 nodes *',
      'impersonate-on:arbitrary-node:get v1 pods/log team/web',
      'impersonate:arbitrary-node authentication.k8s.io/v1 nodes node-1',
      'impersonate v1 users system:node:node-1',
    ],
    ['impersonate users system:node:node-1'],
  ],
  [
    'another node, by the service account of a Pod',
    { requester: agent, requested: { username: 'system:node:node-2' } },
    [
      'impersonate-on:arbitrary-node:get v1 pods/log team/web',
      'impersonate:arbitrary-node authentication.k8s.io/v1 nodes node-2',
      'impersonate v1 users system:node:node-2',
    ],
    ['impersonate users system:node:node-2'],
  ],
  [
    'a node with a uid: the legacy mode alone',
    { requested: { username: 'system:node:node-1', uid: '1' } },
    ['impersonate v1 users system:node:node-1', 'impersonate authentication.k8s.io/v1 uids 1'],
    ['impersonate users system:node:node-1', 'impersonate authentication.k8s.io/v1 uids 1'],
  ],
  [
    'four groups: one question for all of them first',
    { requested: { username: 'bob', groups: ['a', 'b', 'c', 'd'] } },
    [
      'impersonate-on:user-info:get v1 pods/log team/web',
      'impersonate:user-info authentication.k8s.io/v1 users bob',
      ...['*', 'a', 'b', 'c', 'd'].map(
        (name) => `impersonate:user-info authentication.k8s.io/v1 groups ${name}`,
      ),
      'impersonate v1 users bob',
      ...['a', 'b', 'c', 'd'].map((name) => `impersonate v1 groups ${name}`),
    ],
    ['impersonate users bob', ...['a', 'b', 'c', 'd'].map((name) => `impersonate groups ${name}`)],
  ],
  [
    'four values of an extra: one question for all of them first',
    { requested: { username: 'bob', extra: { 'a.io/k': ['1', '2', '3', '4'] } } },
    [
      'impersonate-on:user-info:get v1 pods/log team/web',
      'impersonate:user-info authentication.k8s.io/v1 users bob',
      'impersonate:user-info authentication.k8s.io/v1 userextras/* *',
      ...['1', '2', '3', '4'].map(
        (name) => `impersonate:user-info authentication.k8s.io/v1 userextras/a.io/k ${name}`,
      ),
      'impersonate v1 users bob',
      ...['1', '2', '3', '4'].map(
        (name) => `impersonate authentication.k8s.io/v1 userextras/a.io/k ${name}`,
      ),
    ],
    [
      'impersonate users bob',
      ...['1', '2', '3', '4'].map(
        (name) => `impersonate authentication.k8s.io/v1 userextras/a.io/k ${name}`,
      ),
    ],
  ],
  [
    'system:masters: refused by the constrained mode without a question',
    { requested: { username: 'bob', groups: ['system:masters', 'a'] } },
    [
      'impersonate-on:user-info:get v1 pods/log team/web',
      'impersonate:user-info authentication.k8s.io/v1 users bob',
      'impersonate v1 users bob',
      'impersonate v1 groups system:masters',
      'impersonate v1 groups a',
    ],
    ['impersonate users bob', 'impersonate groups system:masters', 'impersonate groups a'],
  ],
];

export const refusals: readonly (readonly [
  title: string,
  requested: Partial<Identity>,
  grants: (question: string) => boolean,
  message: string,
  details: object,
])[] = [
  [
    'of the first mode, though the legacy one was the last to say no',
    { username: 'bob' },
    () => false,
    'pods "web" is forbidden: User "alice" cannot impersonate-on:user-info:get resource "pods/log" in API group "" in the namespace "team"',
    { name: 'web', kind: 'pods' },
  ],
  [
    'of the first thing that is missing',
    { username: 'bob', groups: ['a', 'b'], uid: '7' },
    (question) => /impersonate-on|users/.test(question),
    'uids.authentication.k8s.io "7" is forbidden: User "alice" cannot impersonate:user-info resource "uids" in API group "authentication.k8s.io" at the cluster scope',
    { name: '7', group: 'authentication.k8s.io', kind: 'uids' },
  ],
  [
    'of system:masters',
    { username: 'bob', groups: ['system:masters'] },
    (question) => question.includes('user-info'),
    'groups.authentication.k8s.io "system:masters" is forbidden: User "alice" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the system:masters group is not allowed',
    { name: 'system:masters', group: 'authentication.k8s.io', kind: 'groups' },
  ],
  [
    'of the empty group',
    { username: 'bob', groups: [''] },
    (question) => question.includes('user-info'),
    'groups.authentication.k8s.io is forbidden: User "alice" cannot impersonate:user-info resource "groups" in API group "authentication.k8s.io" at the cluster scope: impersonating the empty string group is not allowed',
    { group: 'authentication.k8s.io', kind: 'groups' },
  ],
  [
    'of an extra key that is no path',
    { username: 'bob', extra: { team: ['x'] } },
    (question) => question.includes('user-info'),
    'userextras.authentication.k8s.io is forbidden: User "alice" cannot impersonate:user-info resource "userextras" in API group "authentication.k8s.io" at the cluster scope: impersonating an invalid key in extra is not allowed: extra.key: Invalid value: "team": must be a domain-prefixed path (such as "acme.io/foo")',
    { group: 'authentication.k8s.io', kind: 'userextras' },
  ],
  [
    'with what a browser could take for HTML taken out',
    { username: 'bob', extra: { 'a.io/<b>&': ['x'] } },
    (question) => question.includes('impersonate v1 users'),
    'pods "web" is forbidden: User "alice" cannot impersonate-on:user-info:get resource "pods/log" in API group "" in the namespace "team"',
    { name: 'web', kind: 'pods' },
  ],
];

export const targets: readonly (readonly [
  title: string,
  requested: Partial<Identity>,
  grants: string,
  groups: readonly string[],
])[] = [
  ['a user', { username: 'bob' }, '', ['system:authenticated']],
  [
    'a user with groups',
    { username: 'bob', groups: ['a', 'a'] },
    '',
    ['a', 'a', 'system:authenticated'],
  ],
  [
    'a user who has the group already',
    { username: 'bob', groups: ['system:authenticated', 'a'] },
    '',
    ['system:authenticated', 'a'],
  ],
  [
    'a user who is to count as unauthenticated',
    { username: 'bob', groups: ['system:unauthenticated'] },
    '',
    ['system:unauthenticated'],
  ],
  ['nobody', { username: 'system:anonymous' }, '', ['system:unauthenticated']],
  [
    'nobody, who is to count as authenticated',
    { username: 'system:anonymous', groups: ['system:authenticated'] },
    '',
    ['system:authenticated', 'system:unauthenticated'],
  ],
  [
    'a service account',
    { username: 'system:serviceaccount:team:bot' },
    '',
    ['system:serviceaccounts', 'system:serviceaccounts:team', 'system:authenticated'],
  ],
  [
    'a service account with groups',
    { username: 'system:serviceaccount:team:bot', groups: ['g'] },
    '',
    ['g', 'system:authenticated'],
  ],
  [
    'a node by a mode for nodes',
    { username: 'system:node:n' },
    'arbitrary-node',
    ['system:nodes', 'system:authenticated'],
  ],
  [
    'a node by the legacy mode',
    { username: 'system:node:n' },
    'impersonate v1',
    ['system:authenticated'],
  ],
  [
    'system:masters',
    { username: 'bob', groups: ['system:masters'] },
    'impersonate v1',
    ['system:masters', 'system:authenticated'],
  ],
];
