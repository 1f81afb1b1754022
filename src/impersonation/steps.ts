// The questions that one way of being somebody else consists of, in kube-apiserver's order:
// pkg/endpoints/filters/impersonation/{mode,impersonation}.go at v0.36.3.
import type { Identity } from '../identity/identity.ts';
import type { AccessAttributes, ResourceAttributes } from '../kube/access-attributes.ts';
import { domainPrefixedPathFaults } from '../lib/domain-prefixed-path.ts';
import { parseFieldSelector } from '../request/field-selector.ts';
import { isLabelSelector } from '../request/label-selector.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { goQuote } from './go-text.ts';
import { nodeOf, serviceAccountOf } from './user-names.ts';

export type Step =
  | { readonly kind: 'ask'; readonly attributes: AccessAttributes }
  /** Allowed by the broad question, or by every one of the others. */
  | {
      readonly kind: 'askBroadly';
      readonly broad: AccessAttributes;
      readonly each: readonly AccessAttributes[];
    }
  /** Refused, whatever the API server would say. */
  | { readonly kind: 'refuse'; readonly attributes: AccessAttributes; readonly reason: string };

type Extra = Identity['extra'];

const authentication = { group: 'authentication.k8s.io', version: 'v1' };

/** From so many on, one question for all of them comes first. */
const many = 4;

/** The request's own attributes, under the verb of a constrained mode. */
export function requestAttributes(info: RequestInfo, mode: string): AccessAttributes {
  const verb = `impersonate-on:${mode}:${info.verb}`;
  if (!info.isResourceRequest) return { kind: 'path', verb, path: info.path };
  const { apiGroup: group, apiVersion: version, resource, subresource } = info;
  const { namespace, name } = info;
  const place = { group, version, resource, subresource, namespace, name };
  // One that can't be read restricts nothing: kube-apiserver's authorizers don't see it either.
  const fieldSelector = parseFieldSelector(info.fieldSelector) ? info.fieldSelector : '';
  const labelSelector = isLabelSelector(info.labelSelector) ? info.labelSelector : '';
  return { kind: 'resource', verb, ...place, fieldSelector, labelSelector };
}

/** Of a constrained mode. */
export function constrainedSteps(
  { username, uid, groups, extra }: Identity,
  verb: string,
): readonly Step[] {
  const about = { verb, ...authentication };
  return [
    ask(userAttributes(about, username, { nodes: true })),
    ...(uid === '' ? [] : [ask(attributes(about, { resource: 'uids', name: uid }))]),
    ...constrainedGroups(about, groups),
    ...constrainedExtra(about, extra),
  ];
}

/** The orders of the two filters that know the verb `impersonate`. */
export type LegacyOrder = 'user, uid, groups, extra' | 'user, groups, extra, uid';

/** Of the mode that Kubernetes has always had; the filter that knows others, too, names a version. */
export function legacySteps(
  { username, uid, groups, extra }: Identity,
  order: LegacyOrder,
): readonly Step[] {
  const isNew = order === 'user, uid, groups, extra';
  const core = { verb: 'impersonate', group: '', version: isNew ? 'v1' : '' };
  const about = { verb: 'impersonate', ...authentication };
  const user = ask(userAttributes(core, username, { nodes: false }));
  const uids = uid === '' ? [] : [ask(attributes(about, { resource: 'uids', name: uid }))];
  const lists = [
    ...groups.map((name) => ask(attributes(core, { resource: 'groups', name }))),
    ...extraAttributes(about, extra).map(ask),
  ];
  return isNew ? [user, ...uids, ...lists] : [user, ...lists, ...uids];
}

function constrainedGroups(about: About, groups: readonly string[]): readonly Step[] {
  const one = (name: string): AccessAttributes => attributes(about, { resource: 'groups', name });
  if (groups.includes('')) {
    return [refuse(one(''), 'impersonating the empty string group is not allowed')];
  }
  if (groups.includes('system:masters')) {
    const reason = 'impersonating the system:masters group is not allowed';
    return [refuse(one('system:masters'), reason)];
  }
  const each = groups.map(one);
  return groups.length < many ? each.map(ask) : [{ kind: 'askBroadly', broad: one('*'), each }];
}

function constrainedExtra(about: About, extra: Extra): readonly Step[] {
  const fault = extraFault(extra);
  if (fault !== undefined) return [refuse(attributes(about, { resource: 'userextras' }), fault)];
  const each = extraAttributes(about, extra);
  const isLarge = Object.keys(extra).length >= many || each.length >= many;
  if (!isLarge) return each.map(ask);
  const broad = attributes(about, { resource: 'userextras', subresource: '*', name: '*' });
  return [{ kind: 'askBroadly', broad, each }];
}

function extraFault(extra: Extra): string | undefined {
  for (const [key, values] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    const faults = domainPrefixedPathFaults(key).map(
      ({ value, detail }) => `extra.key: Invalid value: ${goQuote(value)}: ${detail}`,
    );
    if (faults.length > 0) {
      const text = faults.length === 1 ? faults.join('') : `[${faults.join(', ')}]`;
      return `impersonating an invalid key in extra is not allowed: ${text}`;
    }
    if (key !== key.toLowerCase()) {
      return `impersonating a non-lowercase key in extra is not allowed: ${goQuote(key)}`;
    }
    if (values.includes('')) {
      return 'impersonating the empty string value in extra is not allowed';
    }
  }
  return undefined;
}

interface About {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
}

function attributes(about: About, object: Partial<ResourceAttributes>): ResourceAttributes {
  const nothing = {
    subresource: '',
    namespace: '',
    name: '',
    fieldSelector: '',
    labelSelector: '',
  };
  return { kind: 'resource', ...about, resource: '', ...nothing, ...object };
}

function userAttributes(
  about: About,
  username: string,
  { nodes }: { readonly nodes: boolean },
): ResourceAttributes {
  const account = serviceAccountOf(username);
  if (account) return attributes(about, { resource: 'serviceaccounts', ...account });
  const node = nodes ? nodeOf(username) : undefined;
  if (node !== undefined) return attributes(about, { resource: 'nodes', name: node });
  return attributes(about, { resource: 'users', name: username });
}

function extraAttributes(about: About, extra: Extra): readonly ResourceAttributes[] {
  return Object.entries(extra).flatMap(([subresource, values]) =>
    values.map((name) => attributes(about, { resource: 'userextras', subresource, name })),
  );
}

function ask(about: AccessAttributes): Step {
  return { kind: 'ask', attributes: about };
}

function refuse(about: AccessAttributes, reason: string): Step {
  return { kind: 'refuse', attributes: about, reason };
}
