/** The steps of the tour: what a user does through the proxy, what is refused, and who the API server says it was. */
import { alice, aliceGroups, directoryGroup, mintForAlice, onCallUser } from './alice.ts';
import { createSigningKey } from './issuer.ts';
import { podLog } from './kwok.ts';
import { shownPath } from './quickstart-files.ts';
import { podName, type Quickstart } from './quickstart.ts';
import { replaceFile } from './replace-file.ts';
import { seeBothAuditLogs } from './tour-audit.ts';
import { pipelineSteps } from './tour-pipeline.ts';
import { seeExec, seePortForward, seeWatch } from './tour-streams.ts';
import { seeKubectl, type Seen, type TourStep } from './tour.ts';

export const tourSteps: readonly TourStep[] = [
  {
    title: 'Who does the API server think we are?',
    proves: `alice with her five groups, ${directoryGroup} among them as one`,
    take: (quickstart) =>
      seeKubectl(
        quickstart,
        { args: ['auth', 'whoami'] },
        {
          succeeds: true,
          says: [/^Username +alice$/m, `[${aliceGroups.join(' ')}]`, alice.uid, alice.team, 'JTI='],
        },
      ),
  },
  {
    title: 'List the pods, which the group with the commas may.',
    proves: 'the pod is there',
    take: (quickstart) =>
      seeKubectl(
        quickstart,
        { args: ['get', 'pods'] },
        { succeeds: true, says: [new RegExp(`^${podName} .*Running`, 'm')] },
      ),
  },
  {
    title: 'Watch the pods while the administrator creates one.',
    proves: 'the event arrives while the watch is open',
    take: seeWatch,
  },
  {
    title: 'Read the log of the pod.',
    proves: 'the log of the pod',
    take: (quickstart) =>
      seeKubectl(quickstart, { args: ['logs', podName] }, { succeeds: true, says: [podLog] }),
  },
  {
    title: 'Run a command in the pod, over WebSocket.',
    proves: 'what the command printed came back, over WebSocket as the log of Envoy has it',
    take: (quickstart) => seeExec(quickstart, 'websocket'),
  },
  {
    title: 'The same over SPDY, which older clients speak.',
    proves: 'what the command printed came back, over SPDY as the log of Envoy has it',
    take: (quickstart) => seeExec(quickstart, 'SPDY/3.1'),
  },
  {
    title: 'Forward a port of the pod and fetch something through it.',
    proves: 'the pod answers',
    take: seePortForward,
  },
  {
    title: 'Read secrets, which alice may not: RBAC decides, and she is the one it decides about.',
    proves: 'refused by the API server, in her name',
    take: (quickstart) =>
      seeKubectl(
        quickstart,
        { args: ['get', 'secrets'] },
        { succeeds: false, says: ['User "alice" cannot list resource "secrets"'] },
      ),
  },
  {
    title: 'Come with a token that somebody else signed.',
    proves: 'refused with 401 and a reason',
    take: seeForgedToken,
  },
  {
    title: 'Ask to be somebody else, which the API server is asked about.',
    proves: "refused with 403, in kube-apiserver's own words",
    take: (quickstart) =>
      seeKubectl(
        quickstart,
        { args: ['get', 'pods', '--as', 'bob'] },
        { succeeds: false, says: ['(Forbidden)', 'User "alice" cannot impersonate'] },
      ),
  },
  {
    title: 'Ask to be somebody whom people on call may be.',
    proves: `${onCallUser}, with the record of who asked`,
    take: (quickstart) =>
      seeKubectl(
        quickstart,
        { args: ['auth', 'whoami', '--as', onCallUser] },
        {
          succeeds: true,
          says: [
            new RegExp(`^Username +${onCallUser}$`, 'm'),
            /originaluser\.jetstack\.io-user +\[alice\]/,
          ],
        },
      ),
  },
  {
    title: 'Find one request in both audit logs.',
    proves: 'one audit ID; the API server saw our service account acting as alice',
    take: seeBothAuditLogs,
  },
  ...pipelineSteps,
];

async function seeForgedToken(quickstart: Quickstart): Promise<Seen> {
  const { issuer, files } = quickstart;
  const key = await createSigningKey('RS256');
  const { token } = await mintForAlice(issuer, { key });
  replaceFile(files.forgedToken, token);
  return seeKubectl(
    quickstart,
    {
      args: ['auth', 'whoami', '--token', token],
      shown: new Map([[token, `"$(cat ${shownPath(files.forgedToken)})"`]]),
    },
    { succeeds: false, says: [/You must be logged in to the server \(\w+( \S+){3,}\)/] },
  );
}
