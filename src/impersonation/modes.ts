// The ways in which kube-apiserver lets somebody be somebody else, and what each asks its authorizer:
// pkg/endpoints/filters/impersonation/{mode,impersonation}.go at v0.36.3 (KEP-5284).
import type { Identity } from '../identity/identity.ts';
import { serviceAccountGroups } from '../identity/service-account.ts';
import type { AccessAttributes, ResourceAttributes } from '../kube/access-attributes.ts';
import type { RequestInfo } from '../request/request-info.ts';
import { constrainedSteps, legacySteps, requestAttributes, type Step } from './steps.ts';
import { nodeOf, serviceAccountOf } from './user-names.ts';

export type ModeName =
  'associated-node' | 'arbitrary-node' | 'serviceaccount' | 'user-info' | 'legacy';

export interface Mode {
  readonly name: ModeName;
  /** As whom the API server is asked. */
  readonly subject: Identity;
  /** Whether this may be done at all while being somebody else; the legacy mode doesn't ask. */
  readonly request?: AccessAttributes;
  /** What being that user needs, in kube-apiserver's order. */
  readonly steps: readonly Step[];
  /** Who the request then is. */
  readonly target: Identity;
}

/** The modes that apply, in the order in which they are tried; gate ConstrainedImpersonation is on. */
export function constrainedModes(
  requester: Identity,
  requested: Identity,
  info: RequestInfo,
): readonly Mode[] {
  const names: ModeName[] = [];
  const isBare = isOnlyName(requested);
  const node = nodeOf(requested.username);
  const isServiceAccount = serviceAccountOf(requested.username) !== undefined;
  if (isBare && node !== undefined && node === nodeOfServiceAccount(requester)) {
    names.push('associated-node');
  }
  if (isBare && node !== undefined) names.push('arbitrary-node');
  if (isBare && isServiceAccount) names.push('serviceaccount');
  if (node === undefined && !isServiceAccount) names.push('user-info');
  return [
    ...names.map((name) => constrainedMode(name, requester, requested, info)),
    {
      name: 'legacy',
      subject: requester,
      steps: legacySteps(requested, 'user, uid, groups, extra'),
      target: targetOf(requested),
    },
  ];
}

/** The one mode there is when the gate is off, or was not invented yet. */
export function legacyModes(requester: Identity, requested: Identity): readonly Mode[] {
  const steps = legacySteps(requested, 'user, groups, extra, uid');
  return [{ name: 'legacy', subject: requester, steps, target: targetOf(requested) }];
}

function constrainedMode(
  name: ModeName,
  requester: Identity,
  requested: Identity,
  info: RequestInfo,
): Mode {
  const node = nodeOf(requested.username);
  const target = targetOf(node === undefined ? requested : { ...requested, groups: nodeGroups });
  const request = requestAttributes(info, name);
  const steps = constrainedSteps(requested, `impersonate:${name}`);
  if (name !== 'associated-node') return { name, subject: requester, request, steps, target };
  // What is decided holds on every node, so it is asked for every node, by nobody's Pod in particular.
  return {
    name,
    subject: { ...requester, extra: { [associatedNodeKeys]: sortedKeys(requester.extra) } },
    request,
    steps: steps.map(forEveryName),
    target,
  };
}

const nodeGroups: readonly string[] = ['system:nodes'];
const associatedNodeKeys = 'authentication.kubernetes.io/associated-node-keys';
const nodeNameKey = 'authentication.kubernetes.io/node-name';

function forEveryName(step: Step): Step {
  return step.kind === 'ask' && step.attributes.kind === 'resource'
    ? { ...step, attributes: { ...step.attributes, name: '*' } satisfies ResourceAttributes }
    : step;
}

/** Go sorts by bytes. */
function sortedKeys(extra: Identity['extra']): readonly string[] {
  return Object.keys(extra).toSorted((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  );
}

/** The node that the API server has noted in the token of a service account. */
function nodeOfServiceAccount({ username, extra }: Identity): string | undefined {
  if (serviceAccountOf(username) === undefined) return undefined;
  const nodes = Object.hasOwn(extra, nodeNameKey) ? extra[nodeNameKey] : undefined;
  return nodes?.length === 1 ? nodes[0] : undefined;
}

function isOnlyName({ uid, groups, extra }: Identity): boolean {
  return uid === '' && groups.length === 0 && Object.keys(extra).length === 0;
}

/** Adds the groups that nobody has to ask for. */
function targetOf(requested: Identity): Identity {
  const account = serviceAccountOf(requested.username);
  const groups =
    account && requested.groups.length === 0
      ? serviceAccountGroups(account.namespace)
      : requested.groups;
  return { ...requested, groups: withStatus(requested.username, groups) };
}

function withStatus(username: string, groups: readonly string[]): readonly string[] {
  if (groups.includes('system:unauthenticated')) return groups;
  if (username === 'system:anonymous') return [...groups, 'system:unauthenticated'];
  return groups.includes('system:authenticated') ? groups : [...groups, 'system:authenticated'];
}
