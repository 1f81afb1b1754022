/**
 * kwok plays the kubelet: pods assigned to its node turn Running at once, and exec, logs and port-forward work. `exec` runs the
 * command on this machine, in an empty folder; `exec -i` over SPDY hangs in kwok itself.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { onFreePort, startProcess, waitUntil, type RunningProcess } from './process.ts';

export interface KwokOptions {
  readonly program: string;
  readonly dir: string;
  readonly kubeconfig: string;
}

export interface Kwok {
  readonly process: RunningProcess;
  /** Stops kwok and the server that stands behind its port-forwards. */
  stop(): Promise<void>;
}

export const nodeName = 'lab-node';

/** What every container's log holds. */
export const podLog = 'hello from the pod';

/** What every port of every pod answers an HTTP request with. */
export const podAnswer = 'hello from a port of the pod';

/** Starts kwok for the one node; the node itself is created by the caller. */
export async function startKwok(options: KwokOptions): Promise<Kwok> {
  const folder = join(options.dir, 'kwok');
  const workDir = join(folder, 'container');
  const logFile = join(folder, 'container.log');
  mkdirSync(workDir, { recursive: true });
  writeFileSync(logFile, `${new Date().toISOString()} stdout F ${podLog}\n`);
  const backend = await startBackend();
  const config = kwokConfig({ workDir, logFile, backendPort: backend.port });
  writeFileSync(join(folder, 'config.yaml'), config);
  const kubelet = await onFreePort(
    (port) => launch(options, folder, port),
    ({ url, process }) =>
      waitUntil('kwok to answer', async () => (await fetch(`${url}/healthz`)).ok, { process }),
  );
  return {
    process: kubelet.process,
    stop: async () => {
      await kubelet.process.stop();
      backend.server.closeAllConnections();
      backend.server.close();
    },
  };
}

function launch(
  { program, dir, kubeconfig }: KwokOptions,
  folder: string,
  port: number,
): { readonly url: string; readonly process: RunningProcess } {
  const process = startProcess({
    name: 'kwok',
    command: program,
    args: [
      `--config=${join(folder, 'config.yaml')}`,
      `--kubeconfig=${kubeconfig}`,
      `--manage-single-node=${nodeName}`,
      `--node-name=${nodeName}`,
      '--node-ip=127.0.0.1',
      `--node-port=${port}`,
      `--server-address=127.0.0.1:${port}`,
    ],
    // kwok keeps files of its own in the home directory.
    env: { ...globalThis.process.env, HOME: folder, KWOK_WORKDIR: folder },
    logFile: join(dir, 'kwok.log'),
  });
  return { url: `http://127.0.0.1:${port}`, process };
}

/** The node that kwok manages. */
export const nodeManifest = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: nodeName, labels: { 'kubernetes.io/hostname': nodeName } },
} as const;

/** A pod with one container, already assigned to the node (nobody schedules here). */
export function podManifest(namespace: string, name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name },
    spec: { nodeName, containers: [{ name: 'main', image: 'example.invalid/none' }] },
  };
}

interface Behaviour {
  readonly workDir: string;
  readonly logFile: string;
  readonly backendPort: number;
}

function kwokConfig({ workDir, logFile, backendPort }: Behaviour): string {
  const apiVersion = 'kwok.x-k8s.io/v1alpha1';
  const all = { apiVersion, metadata: { name: 'all' } };
  const target = { address: '127.0.0.1', port: backendPort };
  return [
    { ...all, kind: 'ClusterExec', spec: { execs: [{ local: { workDir } }] } },
    { ...all, kind: 'ClusterLogs', spec: { logs: [{ logsFile: logFile, follow: true }] } },
    { ...all, kind: 'ClusterPortForward', spec: { forwards: [{ target }] } },
    stage('node-ready', { kind: 'Node', when: [notReady], statusTemplate: nodeStatus }),
    stage('pod-ready', { kind: 'Pod', when: [notReady, notDeleted], statusTemplate: podStatus }),
    stage('pod-delete', { kind: 'Pod', when: [deleted], delete: true }),
  ]
    .map((document) => stringify(document))
    .join('---\n');
}

const readyCondition = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const notReady = { key: readyCondition, operator: 'NotIn', values: ['True'] };
const deleted = { key: '.metadata.deletionTimestamp', operator: 'Exists' };
const notDeleted = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };

interface StageOptions {
  readonly kind: 'Node' | 'Pod';
  readonly when: readonly object[];
  readonly statusTemplate?: string;
  readonly delete?: boolean;
}

function stage(name: string, { kind, when, ...next }: StageOptions): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind }, selector: { matchExpressions: when }, next },
  };
}

const nodeStatus = `
conditions:
{{ range NodeConditions }}
- {type: {{ .type | Quote }}, status: {{ .status | Quote }}, reason: {{ .reason | Quote }}, message: {{ .message | Quote }}, lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }}}
{{ end }}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
- {type: Hostname, address: {{ NodeName | Quote }}}
daemonEndpoints: {kubeletEndpoint: {Port: {{ NodePort }}}}
allocatable: {cpu: "8", memory: 16Gi, pods: "110"}
capacity: {cpu: "8", memory: 16Gi, pods: "110"}
`;

const podStatus = `
phase: Running
startTime: {{ Now | Quote }}
hostIP: 127.0.0.1
podIP: 127.0.0.1
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ Now | Quote }}}
- {type: ContainersReady, status: "True", lastTransitionTime: {{ Now | Quote }}}
- {type: Ready, status: "True", lastTransitionTime: {{ Now | Quote }}}
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, ready: true, restartCount: 0, state: {running: {startedAt: {{ Now | Quote }}}}}
{{ end }}
`;

async function startBackend(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((_request, response) => response.end(`${podAnswer}\n`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, port: typeof address === 'object' && address ? address.port : 0 };
}
