/** Another kube-ext-authz, with an Envoy of its own, before the cluster of a quick start. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEnvoy } from '../../lab/envoy.ts';
import { httpsGet, type Answer } from '../../lab/https.ts';
import { runKubectl, type KubectlResult } from '../../lab/kubectl.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { startServer, type RunningServer } from '../../lab/server.ts';

export interface Front {
  /** Of its Envoy. */
  readonly url: string;
  readonly server: RunningServer;
  /** Its own folder: config.yaml, audit.log, server.log, envoy.log, access.log. */
  readonly dir: string;
  /** Runs kubectl with the token, through Envoy. */
  readonly kubectl: (token: string, ...args: readonly string[]) => Promise<KubectlResult>;
  /** One GET with the token, through Envoy. */
  readonly get: (token: string, path?: string) => Promise<Answer>;
  readonly stop: () => Promise<void>;
}

/** Starts both. The settings are the configuration but for the addresses; default of `kubernetes`: the quick start's, of `audit`: audit.log. */
export async function startFront(
  { files, parts, cluster }: Quickstart,
  name: string,
  settings: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): Promise<Front> {
  await using started = new AsyncDisposableStack();
  const dir = join(files.dir, name);
  mkdirSync(dir);
  const server = started.adopt(
    await startServer({
      dir,
      env,
      settings: {
        kubernetes: { kubeconfig: files.serverKubeconfig, token: { file: files.serverToken } },
        audit: [{ format: 'json', path: join(dir, 'audit.log') }],
        ...settings,
        grpc: { drainPeriod: '0s' },
      },
    }),
    (one) => one.stop(),
  );
  const { hostname, port } = new URL(cluster.server);
  const envoy = started.adopt(
    await startEnvoy({
      dir,
      envoyBin: parts.envoy,
      certFile: files.tlsCertificate,
      keyFile: files.tlsKey,
      apiServer: { address: hostname, port: Number(port), caFile: cluster.caFile },
      authz: { endpoints: [server.grpc] },
      accessLog: join(dir, 'access.log'),
    }),
    (one) => one.stop(),
  );
  const { url } = envoy;
  const ca = readFileSync(files.ca, 'utf8');
  const everything = started.move();
  return {
    url,
    server,
    dir,
    kubectl: (token, ...args) => {
      const file = join(dir, 'kubeconfig');
      writeKubeconfig({ file, server: url, caFile: files.ca, token });
      return runKubectl(parts, file, args);
    },
    get: (token, path = '/api/v1/namespaces/default/pods') =>
      httpsGet({ url: `${url}${path}`, ca, token }),
    stop: () => everything.disposeAsync(),
  };
}
