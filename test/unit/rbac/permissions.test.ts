/** What our own account may do: just what the configuration needs. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileExpression } from '../../../src/cel/expression.ts';
import { namespacedManifests, roleManifests } from '../../../src/rbac/manifests.ts';
import {
  permissionsFor,
  tokenPermissionsFor,
  type PermissionNeeds,
  type PermissionOptions,
} from '../../../src/rbac/permissions.ts';

const least: PermissionNeeds = {
  jwt: [{ extra: [] }],
  impersonation: { originalUserExtra: 'original.example' },
  extra: { clientIP: false, static: {} },
};

const names = { name: 'role', namespace: 'ns', serviceAccount: 'sa' };

const leastExtras = [
  'authentication.kubernetes.io/credential-id',
  'original.example-extra',
  'original.example-groups',
  'original.example-uid',
  'original.example-user',
];

const rows: readonly (readonly [
  title: string,
  needs: Partial<PermissionNeeds>,
  options: PermissionOptions,
  extras: readonly string[],
])[] = [
  ['the least', {}, {}, []],
  [
    'mapped extras, each once',
    {
      jwt: [
        { extra: [{ key: 'acme.io/b' }, { key: 'acme.io/a' }] },
        { extra: [{ key: 'acme.io/a' }] },
      ],
    },
    {},
    ['acme.io/a', 'acme.io/b'],
  ],
  [
    'the address of the client',
    { extra: { clientIP: true, static: {} } },
    {},
    ['remote-client-ip'],
  ],
  ['static extras', { extra: { clientIP: false, static: { site: ['a'] } } }, {}, ['site']],
  ['extras that may be asked for', {}, { asUserExtra: ['acme.io/x'] }, ['acme.io/x']],
  [
    'service accounts that the API server vouches for',
    { tokenReview: { audiences: [] } },
    {},
    ['node-name', 'node-uid', 'pod-name', 'pod-uid'].map(
      (name) => `authentication.kubernetes.io/${name}`,
    ),
  ],
];

describe('the permissions', () => {
  for (const [title, needs, options, extras] of rows) {
    it(`name every extra that may go upstream: ${title}`, () => {
      const rules = permissionsFor({ ...least, ...needs }, options);
      const keys = rules
        .flatMap(({ resources }) => resources)
        .filter((resource) => resource.startsWith('userextras/'))
        .map((resource) => resource.slice('userextras/'.length));
      assert.deepEqual(keys, [...leastExtras, ...extras].toSorted());
    });
  }

  it('have no wildcard, and no verb but impersonate and create', () => {
    const needs = { ...least, tokenReview: { audiences: [] } };
    const rules = permissionsFor(needs, { asUserExtra: ['a.io/b'] });
    assert.ok(!JSON.stringify(rules).includes('*'));
    assert.deepEqual(
      new Set(rules.flatMap(({ verbs }) => verbs)),
      new Set(['impersonate', 'create']),
    );
  });

  for (const [needs, has] of [
    [{}, false],
    [{ tokenReview: { audiences: [] } }, true],
    [{ jwt: [{ extra: [], tokenReview: true }] }, true],
    [{ jwt: [{ extra: [], tokenReview: false }] }, false],
    [{ admin: { metrics: { authorize: true } } }, true],
    [{ admin: { metrics: { authorize: false } } }, false],
  ] as const) {
    it(`${has ? 'have' : 'lack'} TokenReviews with ${JSON.stringify(needs)}`, () => {
      const rules = permissionsFor({ ...least, ...needs });
      assert.equal(
        rules.some(({ resources }) => resources.includes('tokenreviews')),
        has,
      );
      assert.ok(rules.some(({ resources }) => resources.includes('subjectaccessreviews')));
    });
  }

  it('name each account whose tokens are asked for, in its own namespace', () => {
    const terms = { audiences: [], expirationSeconds: 600 };
    const expression = compileExpression('claims.account', 'claims');
    const allowed = [named('b', 'y'), named('a', 'x'), named('b', 'x'), named('b', 'y')];
    const needs = {
      ...least,
      jwt: [
        { extra: [] },
        { extra: [], serviceAccount: { ...terms, account: named('c', 'z') } },
        { extra: [], serviceAccount: { ...terms, expression, allowed } },
      ],
      token: { tokenRequest: { ...terms, account: named('own', 'self') } },
    };
    const rules = tokenPermissionsFor(needs);
    assert.deepEqual(
      rules.map(({ namespace, rule }) => [namespace, rule.resourceNames]),
      [
        ['a', ['x']],
        ['b', ['x', 'y']],
        ['c', ['z']],
        ['own', ['self']],
      ],
    );
    for (const { rule } of rules) {
      assert.deepEqual([rule.resources, rule.verbs], [['serviceaccounts/token'], ['create']]);
    }
    assert.deepEqual(tokenPermissionsFor({ ...least, token: { file: '/run/token' } }), []);
    const [role, binding] = namespacedManifests(rules, names);
    assert.deepEqual(role, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'role', namespace: 'a' },
      rules: [rules[0]?.rule],
    });
    assert.deepEqual(binding, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'role', namespace: 'a' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'role' },
      subjects: [{ kind: 'ServiceAccount', name: 'sa', namespace: 'ns' }],
    });
  });

  it('are bound to one service account', () => {
    const [role, binding] = roleManifests(permissionsFor(least), names);
    assert.deepEqual(role, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'role' },
      rules: permissionsFor(least),
    });
    assert.deepEqual(binding, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'role' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'role' },
      subjects: [{ kind: 'ServiceAccount', name: 'sa', namespace: 'ns' }],
    });
  });
});

function named(namespace: string, name: string) {
  return { namespace, name };
}
