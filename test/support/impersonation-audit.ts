/** What the two audit logs say of requests that were sent both ways. */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { readAudit, type KubeAuditEvent } from '../../lab/audit-log.ts';
import { orderedUser, readUser, requesterOf, withoutRequester } from './impersonation-answer.ts';
import type { Case, Line } from './impersonation-case.ts';
import { markOf, type Exchange, type ImpersonationLab } from './impersonation-lab.ts';

const identity = z.object({
  username: z.string(),
  uid: z.string(),
  groups: z.array(z.string()),
  extra: z.record(z.string(), z.array(z.string())),
});

const ourEvent = z.object({
  auditID: z.string(),
  decision: z.enum(['allow', 'deny']),
  reason: z.string(),
  uri: z.string(),
  inbound: identity.optional(),
  outbound: identity.optional(),
});

type OurEvent = z.infer<typeof ourEvent>;

/** Our own audit log, oldest first. */
export function readOurAudit(file: string): readonly OurEvent[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => ourEvent.parse(JSON.parse(line)));
}

/**
 * A sentence for each request of which the API server saw another user than when it came straight, or
 * of whose requester it or our own log tells nothing or a lie, or which reached it although we refused it.
 */
export function auditFaults(
  asked: ReadonlyMap<string, Case & Exchange>,
  { quickstart: { files, state } }: ImpersonationLab,
): readonly string[] {
  const kube = Map.groupBy(readAudit(files.apiServerAudit), (event) => markOf(event.requestURI));
  const ours = Map.groupBy(readOurAudit(files.audit), ({ uri }) => markOf(uri));
  return [...asked].flatMap(([mark, one]) => {
    const seen = { kube: kube.get(mark) ?? [], ours: ours.get(mark) ?? [] };
    const fault = faultOf(one, seen, state.serviceAccount);
    return fault === undefined
      ? []
      : [`${mark}: ${fault}: ${JSON.stringify({ ...one, ...seen }).slice(0, 4_000)}`];
  });
}

interface Seen {
  readonly kube: readonly KubeAuditEvent[];
  readonly ours: readonly OurEvent[];
}

function faultOf(
  { lines, through }: Case & Exchange,
  { kube, ours }: Seen,
  serviceAccount: string,
): string | undefined {
  const [straight, ...others] = kube.filter(({ userAgent }) => userAgent === 'straight');
  const passed = kube.filter(({ userAgent }) => userAgent === 'through');
  const [line, ...moreLines] = ours;
  if (straight === undefined || others.length > 0) return 'it came straight, but not once';
  if (line === undefined) {
    // Envoy answers 400 itself, before it asks us.
    return through.status === 400 && passed.length === 0 ? undefined : 'we know nothing of it';
  }
  if (moreLines.length > 0) return 'we know of it twice';
  if (!isDeepStrictEqual(line.inbound, readUser(straight.user))) return 'another requester';
  if (line.decision === 'deny') {
    if (line.reason !== through.reason) return 'another reason';
    return passed.length === 0 && line.outbound === undefined ? undefined : 'it was not refused';
  }
  const [event] = passed;
  if (event === undefined || passed.length > 1) return 'it came through us, but not once';
  if (event.auditID !== line.auditID) return 'another audit ID';
  if (event.user.username !== serviceAccount) return 'it did not come from our account';
  const outbound = readUser(event.impersonatedUser);
  if (!isDeepStrictEqual(outbound, line.outbound)) return 'another user than our log has';
  return userFault(straight, outbound, lines);
}

/** The record of the requester is there if the request is somebody else's, and only then. */
function userFault(
  { user, impersonatedUser }: KubeAuditEvent,
  outbound: ReturnType<typeof readUser>,
  lines: readonly Line[],
): string | undefined {
  const sender = readUser(user);
  const isElse = impersonatedUser !== undefined;
  const expected = isElse ? readUser(impersonatedUser) : sender;
  const [theirs, ours] = [expected, withoutRequester(outbound)].map((one) =>
    orderedUser(one, lines),
  );
  if (!isDeepStrictEqual(theirs, ours)) return 'another user';
  const told = requesterOf(outbound);
  return isDeepStrictEqual(told, isElse ? sender : undefined)
    ? undefined
    : 'another record of the requester';
}
