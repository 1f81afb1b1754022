/** What `kubectl --as` costs: beside a plain check when the answers are remembered, and by the number of questions when they are not. */
import { encodeCheck } from './check-request.ts';
import type { Contest, Leg } from './comparison.ts';
import type { EncodedRequest, HeaderLines } from './http2-frames.ts';
import type { Plan } from './plan.ts';
import type { Servers } from './servers.ts';

export interface Impersonation {
  /** Of somebody who may be anybody. */
  readonly token: string;
  readonly servers: Pick<Servers, 'ours'>;
  readonly apiServer: number;
}

const concurrency = 64;
const groupCount = 20;

/** One server, asked in several ways. */
export function impersonationContests(
  { rounds, knownToken, alone, newTargets }: Plan,
  { token, servers, apiServer }: Impersonation,
): readonly Contest[] {
  const { ours } = servers;
  const own = { 'kube-ext-authz': ours.process.pid };
  const both = { ...own, 'kube-apiserver': apiServer };
  const leg = (name: string, requests: Leg['requests'], processes: Leg['processes']): Leg => ({
    name,
    target: { host: '127.0.0.1', port: ours.grpc.port },
    requests,
    good: 'check allowed',
    processes,
  });
  const plain = encodeCheck(token);
  const known = encodeCheck(token, asUser('bench', groupsOf('known', 5)));
  // The API server is asked nothing: what it does meanwhile, or that it does nothing, means nothing.
  const warm = [
    leg('a plain check', () => [plain], own),
    leg('--as, remembered', () => [known], own),
  ];
  /** Somebody else for every request of every round. */
  const newTargetsIn = (groups: number) => (round: number) =>
    Array.from({ length: newTargets }, (_, index): EncodedRequest => {
      const name = `${groups}-${round}-${index}`;
      return encodeCheck(token, asUser(`bench-${name}`, groupsOf(name, groups)));
    });
  return [
    {
      name: 'as-known',
      title: `kubectl --as with five groups, answers remembered, ${concurrency} checks at a time`,
      legs: warm,
      inFlight: concurrency,
      total: knownToken,
      rounds,
      warmUps: 2,
    },
    {
      name: 'as-known-alone',
      title: 'kubectl --as with five groups, answers remembered, one check at a time',
      legs: warm,
      inFlight: 1,
      total: alone,
      rounds,
      warmUps: 1,
    },
    {
      name: 'as-new-alone',
      title: 'kubectl --as somebody new, one check at a time',
      legs: [
        leg('one question', newTargetsIn(0), both),
        leg(`${groupCount + 1} questions`, newTargetsIn(groupCount), both),
      ],
      inFlight: 1,
      total: newTargets,
      rounds,
      warmUps: 1,
    },
  ];
}

function groupsOf(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index}`);
}

function asUser(user: string, groups: readonly string[]): HeaderLines {
  return [
    ['impersonate-user', user],
    ...groups.map((group) => ['impersonate-group', group] as const),
  ];
}

/** Lets the user be anybody, with any group. */
export function mayBeAnybody(username: string): readonly object[] {
  const apiGroup = 'rbac.authorization.k8s.io';
  const head = { apiVersion: `${apiGroup}/v1`, metadata: { name: 'bench-impersonates' } };
  const rule = { apiGroups: [''], resources: ['users', 'groups'], verbs: ['impersonate'] };
  return [
    { ...head, kind: 'ClusterRole', rules: [rule] },
    {
      ...head,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup, kind: 'ClusterRole', name: head.metadata.name },
      subjects: [{ apiGroup, kind: 'User', name: username }],
    },
  ];
}
