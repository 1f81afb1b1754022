/** The tour's steps that stay open: a watch, exec over both protocols, a forwarded port. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { asAdmin } from './kube.ts';
import { startKubectl } from './kubectl.ts';
import { nodeName, podAnswer } from './kwok.ts';
import { waitUntil } from './process.ts';
import { shownPath } from './quickstart-files.ts';
import { podName, userNamespace, type Quickstart } from './quickstart.ts';
import { seeKubectl, shownCommand, tourEnv, type Seen } from './tour.ts';

const lateName = 'latecomer';
// Nobody schedules here: the pod names its node.
const placement = JSON.stringify({ spec: { nodeName } });
const create = ['run', lateName, '--image', 'example.invalid/none', '--overrides', placement];

/** Opens a watch, then has the administrator create a pod, and waits until the watch tells of it. */
export async function seeWatch({ parts, files, cluster }: Quickstart): Promise<Seen> {
  const args = ['get', 'pods', '--watch'];
  const logFile = join(files.dir, 'tour-watch.log');
  const watch = startKubectl(parts, files.kubeconfig, args, { logFile, env: tourEnv(files) });
  const shows = (name: string): Promise<boolean> =>
    waitUntil(`the watch to show the pod ${name}`, () => hasLine(logFile, `${name} `), {
      timeoutMs: 20_000,
      process: watch,
    });
  try {
    await shows(podName);
    await asAdmin(cluster, create);
    await shows(lateName);
  } finally {
    await watch.stop();
  }
  const output = readFileSync(logFile, 'utf8').trimEnd();
  await asAdmin(cluster, ['delete', 'pod', lateName, '--namespace', userNamespace, '--wait=false']);
  const admin = ['--kubeconfig', shownPath(files.adminKubeconfig)];
  const commands = [`${shownCommand({ args })} &`, shownCommand({ args: [...admin, ...create] })];
  return { commands, output, faults: [] };
}

/** Runs `echo` in the pod, and looks in Envoy's log whether the stream was of that protocol. */
export async function seeExec(
  quickstart: Quickstart,
  protocol: 'websocket' | 'SPDY/3.1',
): Promise<Seen> {
  const word = protocol === 'websocket' ? 'over-WebSocket' : 'over-SPDY';
  const seen = await seeKubectl(
    quickstart,
    {
      args: ['exec', podName, '--', 'echo', 'hello', word],
      ...(protocol === 'SPDY/3.1' && { env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' } }),
    },
    { succeeds: true, says: [`hello ${word}`] },
  );
  if (seen.faults.length > 0) return seen;
  const used = await waitUntil(
    `the exec in ${quickstart.files.accessLog}`,
    () => upgradeOf(quickstart.files.accessLog, `command=${word}`),
    { timeoutMs: 10_000 },
  );
  const faults = used === protocol ? [] : [`Envoy's log says the protocol was ${used}`];
  return { ...seen, faults };
}

/** Forwards a free local port to the pod and sends one HTTP request through it. */
export async function seePortForward({ parts, files }: Quickstart): Promise<Seen> {
  const args = ['port-forward', `pod/${podName}`, ':80'];
  const logFile = join(files.dir, 'tour-port-forward.log');
  const forward = startKubectl(parts, files.kubeconfig, args, { logFile, env: tourEnv(files) });
  try {
    const port = await waitUntil(
      'kubectl to listen',
      () => /Forwarding from 127\.0\.0\.1:(\d+)/.exec(readFileSync(logFile, 'utf8'))?.[1],
      { timeoutMs: 20_000, process: forward },
    );
    const url = `http://127.0.0.1:${port}/`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    const output = (await answer.text()).trimEnd();
    const faults = output === podAnswer ? [] : [`the pod answers ${JSON.stringify(podAnswer)}`];
    return { commands: [`${shownCommand({ args })} &`, `curl ${url}`], output, faults };
  } finally {
    await forward.stop();
  }
}

function hasLine(file: string, start: string): boolean {
  return readFileSync(file, 'utf8')
    .split('\n')
    .some((line) => line.startsWith(start));
}

const accessLogLine = z.object({
  path: z.string(),
  status: z.number(),
  upgrade: z.string().nullable(),
});

/** The `upgrade` header of the upgraded stream whose path holds the text. */
function upgradeOf(file: string, text: string): string | undefined {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const entries = lines.map((line) => accessLogLine.parse(JSON.parse(line)));
  return (
    entries.find(({ path, status }) => status === 101 && path.includes(text))?.upgrade ?? undefined
  );
}
