/** A Kubernetes control plane on loopback, from real parts: etcd, kube-apiserver and, if wanted, kwok with one node. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startEtcd } from './etcd.ts';
import { apply, createNamespace } from './kube.ts';
import { startApiServer, type ApiServerAccess } from './kube-apiserver.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { nodeManifest, startKwok, type Kwok } from './kwok.ts';
import type { Parts } from './parts/provide.ts';
import type { Progress } from './parts/step.ts';
import { waitUntil, type RunningProcess } from './process.ts';

export type ClusterParts = Parts<'etcd' | 'kube-apiserver' | 'kubectl' | 'kwok'>;

export interface ClusterOptions {
  /** Holds everything the cluster writes. */
  readonly dir: string;
  readonly parts: ClusterParts;
  readonly progress: Progress;
  /** An AuthenticationConfiguration, as YAML. */
  readonly authenticationConfig?: string;
  readonly extraApiServerArgs?: readonly string[];
  /** Also a node whose pods run, with exec, logs and port-forward; default true. */
  readonly kwok?: boolean;
}

export interface Cluster extends ApiServerAccess {
  readonly dir: string;
  readonly adminKubeconfig: string;
  readonly parts: ClusterParts;
  readonly etcd: RunningProcess;
  readonly apiServer: RunningProcess;
  readonly kwok?: RunningProcess;
  stop(): Promise<void>;
}

/** Starts the cluster and waits until it takes requests; whatever had started is stopped when a later part fails. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true });
  const started: Stoppable[] = [];
  const stop = async (): Promise<void> => {
    for (const one of started.toReversed()) await one.stop();
  };
  try {
    return { ...(await startParts({ ...options, dir }, started)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Stoppable {
  stop(): Promise<void>;
}

async function startParts(
  options: ClusterOptions,
  started: Stoppable[],
): Promise<Omit<Cluster, 'stop'>> {
  const { dir, parts, progress } = options;
  progress('starting etcd');
  const etcd = await startEtcd(parts.etcd, dir);
  started.push(etcd.process);
  progress('starting kube-apiserver');
  const apiServer = await startApiServer({
    program: parts['kube-apiserver'],
    dir,
    etcdUrl: etcd.url,
    ...(options.authenticationConfig !== undefined && {
      authenticationConfig: options.authenticationConfig,
    }),
    ...(options.extraApiServerArgs && { extraArgs: options.extraApiServerArgs }),
  });
  started.push(apiServer.process);
  const { process, ...access } = apiServer;
  const cluster = {
    ...access,
    dir,
    parts,
    adminKubeconfig: writeAdminKubeconfig(access, dir),
    etcd: etcd.process,
    apiServer: process,
  };
  await waitUntil('the default namespace', () =>
    createNamespace(cluster, 'default').then(() => true),
  );
  if (options.kwok === false) return cluster;
  progress('starting kwok');
  const kwok = await addNode(cluster);
  started.push(kwok);
  return { ...cluster, kwok: kwok.process };
}

function writeAdminKubeconfig(access: ApiServerAccess, dir: string): string {
  const file = join(dir, 'admin.kubeconfig');
  const { server, caFile, adminCertificate: clientCertificate } = access;
  writeKubeconfig({ file, server, caFile, clientCertificate, user: 'admin' });
  return file;
}

async function addNode(cluster: Omit<Cluster, 'stop'>): Promise<Kwok> {
  await apply(cluster, [nodeManifest]);
  return startKwok({
    program: cluster.parts.kwok,
    dir: cluster.dir,
    kubeconfig: cluster.adminKubeconfig,
  });
}
