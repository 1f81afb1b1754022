// The permissions of our own service account as manifests to apply.
import type { NamespacedRule, PolicyRule } from './permissions.ts';

export interface RoleNames {
  /** Of the ClusterRole and its binding. */
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

const apiGroup = 'rbac.authorization.k8s.io';
const apiVersion = `${apiGroup}/v1`;

/** For each namespace a Role with its rule, and its binding to our service account. */
export function namespacedManifests(
  rules: readonly NamespacedRule[],
  names: RoleNames,
): readonly object[] {
  return rules.flatMap(({ namespace, rule }) => {
    const metadata = { name: names.name, namespace };
    return [
      { apiVersion, kind: 'Role', metadata, rules: [rule] },
      { apiVersion, kind: 'RoleBinding', metadata, ...binding('Role', names) },
    ];
  });
}

/** A ClusterRole with these rules, and its binding to the service account. */
export function roleManifests(rules: readonly PolicyRule[], names: RoleNames): readonly object[] {
  const metadata = { name: names.name };
  return [
    { apiVersion, kind: 'ClusterRole', metadata, rules },
    { apiVersion, kind: 'ClusterRoleBinding', metadata, ...binding('ClusterRole', names) },
  ];
}

function binding(kind: 'Role' | 'ClusterRole', { name, namespace, serviceAccount }: RoleNames) {
  return {
    roleRef: { apiGroup, kind, name },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace }],
  };
}
