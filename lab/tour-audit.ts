/** A step of the tour: one request in both audit logs, ours and the API server's. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { alice, aliceGroups } from './alice.ts';
import { readAudit, type KubeAuditEvent } from './audit-log.ts';
import { waitUntil } from './process.ts';
import { shownPath } from './quickstart-files.ts';
import type { Quickstart, QuickstartState } from './quickstart.ts';
import { seeKubectl, type Seen } from './tour.ts';

const ourEvent = z.object({
  auditID: z.string(),
  decision: z.string(),
  uri: z.string(),
  inbound: z.object({ username: z.string() }).optional(),
});

type OurEvent = z.infer<typeof ourEvent>;

/** Sends a request that is like no other, and compares what the two logs say of it. */
export async function seeBothAuditLogs(quickstart: Quickstart): Promise<Seen> {
  const { files, state } = quickstart;
  const mark = randomBytes(4).toString('hex');
  const asked = await seeKubectl(
    quickstart,
    { args: ['get', 'pods', '--selector', `tour=${mark}`] },
    { succeeds: true, says: ['No resources found'] },
  );
  if (asked.faults.length > 0) return asked;
  const ours = await waitUntil(`the request in ${files.audit}`, () => eventOf(files.audit, mark), {
    timeoutMs: 10_000,
  });
  const theirs = readAudit(files.apiServerAudit).filter((one) => one.auditID === ours.auditID);
  const [ourLog, theirLog] = [shownPath(files.audit), shownPath(files.apiServerAudit)];
  return {
    commands: [...asked.commands, `grep -h ${ours.auditID} ${ourLog} ${theirLog}`],
    output: [
      `${ourLog}: ${ours.decision}, ${ours.inbound?.username ?? 'nobody'}, GET ${ours.uri}`,
      ...theirs.map((event) => `${theirLog}: ${summary(event)}`),
    ].join('\n'),
    faults: faultsOf(ours, theirs, state),
  };
}

function eventOf(file: string, mark: string): OurEvent | undefined {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines
    .filter((line) => line.includes(mark))
    .map((line) => ourEvent.parse(JSON.parse(line)))
    .at(-1);
}

function summary({
  user,
  impersonatedUser,
  verb,
  requestURI,
  responseStatus,
}: KubeAuditEvent): string {
  const groups = impersonatedUser?.groups?.map((group) => `"${group}"`).join(', ') ?? 'none';
  return [
    `${user.username ?? 'nobody'} impersonates ${impersonatedUser?.username ?? 'nobody'}`,
    `groups ${groups}`,
    `${verb} ${requestURI}`,
    `${responseStatus?.code ?? 'no answer'}`,
  ].join('; ');
}

function faultsOf(
  ours: OurEvent,
  theirs: readonly KubeAuditEvent[],
  { serviceAccount }: QuickstartState,
): readonly string[] {
  const [event] = theirs;
  const checks: readonly (readonly [fine: boolean, fault: string])[] = [
    [ours.decision === 'allow', 'we did not allow it'],
    [ours.inbound?.username === alice.username, `our log does not name ${alice.username}`],
    [theirs.length === 1, `the API server has ${theirs.length} events of this ID`],
    [event?.user.username === serviceAccount, `it did not come from ${serviceAccount}`],
    [event?.impersonatedUser?.username === alice.username, `it was not ${alice.username}'s there`],
    [
      event?.impersonatedUser?.groups?.join('\n') === aliceGroups.join('\n'),
      'her groups there are not those of the token',
    ],
  ];
  return checks.filter(([fine]) => !fine).map(([, fault]) => fault);
}
