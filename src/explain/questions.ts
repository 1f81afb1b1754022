// Questions to the API server in words, and the rules of RBAC that would turn a no into a yes.
import type { AccessAttributes } from '../kube/access-attributes.ts';

/** Such as `impersonate users "bob"`. */
export function questionText(about: AccessAttributes): string {
  if (about.kind === 'path') return `${about.verb} ${about.path}`;
  const { verb, group, namespace, name, fieldSelector, labelSelector } = about;
  return [
    verb,
    `${resourceOf(about)}${group === '' ? '' : ` of ${group}`}`,
    name === '' ? '' : JSON.stringify(name),
    namespace === '' ? '' : `in namespace ${namespace}`,
    fieldSelector === '' ? '' : `where ${fieldSelector}`,
    labelSelector === '' ? '' : `labelled ${labelSelector}`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function resourceOf({
  resource,
  subresource,
}: Extract<AccessAttributes, { kind: 'resource' }>): string {
  return subresource === '' ? resource : `${resource}/${subresource}`;
}

/** What to grant to whom, one sentence for each question. */
export function grantsFor(
  lacking: readonly AccessAttributes[],
  username: string,
): readonly string[] {
  return lacking.map((about) => {
    const where =
      about.kind === 'resource' && about.namespace !== ''
        ? `a Role in the namespace ${about.namespace}`
        : 'a ClusterRole';
    return `${where} with the rule ${JSON.stringify(ruleOf(about))}, bound to the user ${JSON.stringify(username)} or a group of theirs`;
  });
}

/** rbac.authorization.k8s.io/v1 PolicyRule. */
function ruleOf(about: AccessAttributes): object {
  if (about.kind === 'path') return { nonResourceURLs: [about.path], verbs: [about.verb] };
  const { group, name, verb } = about;
  return {
    apiGroups: [group],
    resources: [resourceOf(about)],
    ...(name !== '' && { resourceNames: [name] }),
    verbs: [verb],
  };
}
