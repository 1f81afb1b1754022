/** The whole product on loopback, from real parts: an issuer, a cluster, kube-ext-authz, and Envoy in front. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { aliceAccess, authenticationConfiguration, mintForAlice, teamKey } from './alice.ts';
import { createAuthority } from './certificates.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { startEnvoy, type RunningEnvoy } from './envoy.ts';
import { httpsGet } from './https.ts';
import { startIssuer, type Issuer } from './issuer.ts';
import { apply } from './kube.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { podManifest } from './kwok.ts';
import { provideParts, type Parts } from './parts/provide.ts';
import type { Progress } from './parts/step.ts';
import {
  deployer,
  keygenCommand,
  kubeconfigCommand,
  pipelineAccess,
  pipelineEntry,
  runCommandLine,
} from './pipeline.ts';
import { waitUntil } from './process.ts';
import { quickstartFiles, type QuickstartFiles } from './quickstart-files.ts';
import { keepRenewed, type Lifetime } from './renewal.ts';
import { replaceFile } from './replace-file.ts';
import { keepServerToken, serverAccountManifests, serverUsername } from './server-account.ts';
import { buildServer, startServer, type RunningServer, type ServerSettings } from './server.ts';

export interface QuickstartOptions {
  /** Receives everything that is written; default names and contents: quickstart-files.ts. */
  readonly dir: string;
  readonly progress: Progress;
  /** The API server takes the issuer's tokens itself, too: what it makes of one can be compared. Default false. */
  readonly nativeTokens?: boolean;
  readonly apiServerArgs?: readonly string[];
  /** Set over the server's configuration. */
  readonly settings?: ServerSettings;
}

export interface Quickstart {
  readonly files: QuickstartFiles;
  readonly state: QuickstartState;
  readonly parts: Parts<(typeof partNames)[number]>;
  readonly issuer: Issuer;
  readonly cluster: Cluster;
  readonly server: RunningServer;
  readonly envoy: RunningEnvoy;
  stop(): Promise<void>;
}

/** What state.json holds. */
export interface QuickstartState {
  /** Base URLs. */
  readonly envoy: string;
  readonly apiServer: string;
  readonly issuer: string;
  readonly admin: string;
  /** Where kube-ext-authz answers gRPC. */
  readonly grpc: string;
  /** The user name of its own token. */
  readonly serviceAccount: string;
}

const partNames = ['envoy', 'etcd', 'kube-apiserver', 'kubectl', 'kwok'] as const;

/** Where alice works, and the pod she finds there. */
export const userNamespace = 'default';
export const podName = 'hello';

/** Starts everything and returns once a token works through Envoy; when a part fails, what had started is stopped. */
export async function startQuickstart(options: QuickstartOptions): Promise<Quickstart> {
  const { dir, progress, nativeTokens = false, apiServerArgs = [], settings = {} } = options;
  const files = quickstartFiles(resolve(dir));
  clear(files);
  await using started = new AsyncDisposableStack();
  await buildServer(progress);
  const parts = await provideParts(partNames, progress);
  progress('starting an OIDC issuer');
  const issuer = started.adopt(await startIssuer(), (one) => one.close());
  const authenticationConfig = stringify(authenticationConfiguration(issuer));
  const native = nativeTokens ? { authenticationConfig } : {};
  const cluster = started.adopt(
    await startCluster({
      dir: files.dir,
      parts,
      progress,
      extraApiServerArgs: apiServerArgs,
      ...native,
    }),
    (one) => one.stop(),
  );
  progress('creating accounts, their rights and a pod');
  await prepareCluster(cluster);
  const report = (error: unknown): void => progress(`a token was not renewed: ${String(error)}`);
  started.adopt(await keepServerToken(cluster, files.serverToken, report), (one) => one.stop());
  progress('starting kube-ext-authz');
  const server = started.adopt(await startServerFor(files, { cluster, issuer, settings }), (one) =>
    one.stop(),
  );
  progress('starting Envoy');
  const envoy = started.adopt(await startProxy(files, { parts, cluster, server, issuer }), (one) =>
    one.stop(),
  );
  await runCommandLine(kubeconfigCommand(files, envoy.url));
  const renewKubeconfig = (): Promise<Lifetime> => writeAliceKubeconfig(files, envoy, issuer);
  started.adopt(await keepRenewed(renewKubeconfig, report), (one) => one.stop());
  const state = stateOf({ envoy, cluster, issuer, server });
  await seeTokenWork({ envoy, cluster, issuer, server }, files);
  replaceFile(files.state, `${JSON.stringify(state, undefined, 2)}\n`);
  const everything = started.move();
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= everything.disposeAsync());
  return { files, state, parts, issuer, cluster, server, envoy, stop };
}

type Running = Pick<Quickstart, 'envoy' | 'cluster' | 'issuer' | 'server'>;

/** What an earlier run left and nobody may take for this one's. */
function clear(files: QuickstartFiles): void {
  const { dir, state, audit, accessLog, kubectlCache } = files;
  mkdirSync(dir, { recursive: true });
  const { pipelineKubeconfig, pipelineKey, pipelinePublicKey } = files;
  const ofPipeline = [pipelineKubeconfig, pipelineKey, pipelinePublicKey];
  const next = [files.nextPipelineKey, files.nextPipelinePublicKey];
  const homes = readdirSync(dir)
    .filter((name) => name.startsWith('.kubectl-'))
    .map((name) => join(dir, name));
  for (const path of [state, audit, accessLog, kubectlCache, ...ofPipeline, ...next, ...homes]) {
    rmSync(path, { recursive: true, force: true });
  }
}

function prepareCluster(cluster: Cluster): Promise<void> {
  return apply(cluster, [
    ...pipelineAccess(),
    ...serverAccountManifests([teamKey], [deployer]),
    ...aliceAccess(userNamespace),
    podManifest(userNamespace, podName),
  ]);
}

async function startServerFor(
  files: QuickstartFiles,
  {
    cluster,
    issuer,
    settings,
  }: Pick<Quickstart, 'cluster' | 'issuer'> & {
    readonly settings: ServerSettings;
  },
): Promise<RunningServer> {
  replaceFile(files.issuerKey, `${JSON.stringify(issuer.key, undefined, 2)}\n`);
  replaceFile(files.authentication, stringify(authenticationConfiguration(issuer)));
  const { pipelineKey: privateKey, pipelinePublicKey: publicKey } = files;
  await runCommandLine(keygenCommand({ privateKey, publicKey }));
  writeKubeconfig({
    file: files.serverKubeconfig,
    server: cluster.server,
    caFile: cluster.caFile,
    tokenFile: files.serverToken,
    user: 'kube-ext-authz',
  });
  const defaults: ServerSettings = {
    grpc: { drainPeriod: '0s' }, // Envoy is stopped first
    kubernetes: { kubeconfig: files.serverKubeconfig, token: { file: files.serverToken } },
    authentication: { configFile: files.authentication },
    jwt: [pipelineEntry(files)],
    audit: [{ format: 'json', path: files.audit }],
    log: { level: 'info' },
  };
  return startServer({ dir: files.dir, settings: { ...defaults, ...settings } });
}

async function startProxy(
  files: QuickstartFiles,
  { parts, cluster, server, issuer }: Pick<Quickstart, 'parts' | 'cluster' | 'server' | 'issuer'>,
): Promise<RunningEnvoy> {
  const authority = await createAuthority('quick start Envoy CA');
  const hosts = ['127.0.0.1', 'localhost'];
  const { certPem, keyPem } = await authority.issue({ commonName: 'envoy', hosts });
  replaceFile(files.tlsCertificate, certPem);
  replaceFile(files.tlsKey, keyPem);
  replaceFile(files.ca, [authority.certPem, cluster.caPem, issuer.caPem].join(''));
  const { hostname, port } = new URL(cluster.server);
  return startEnvoy({
    dir: files.dir,
    envoyBin: parts.envoy,
    certFile: files.tlsCertificate,
    keyFile: files.tlsKey,
    apiServer: { address: hostname, port: Number(port), caFile: cluster.caFile },
    authz: { endpoints: [server.grpc] },
    accessLog: files.accessLog,
  });
}

async function writeAliceKubeconfig(
  { kubeconfig: file, ca: caFile }: QuickstartFiles,
  envoy: RunningEnvoy,
  issuer: Issuer,
): Promise<Lifetime> {
  const { token, ...lifetime } = await mintForAlice(issuer);
  // Not a tokenFile: kubectl would prefer it to its own --token.
  writeKubeconfig({ file, server: envoy.url, caFile, token, user: 'alice' });
  return lifetime;
}

async function seeTokenWork(
  { envoy, issuer, server }: Running,
  files: QuickstartFiles,
): Promise<void> {
  const { token } = await mintForAlice(issuer);
  const url = `${envoy.url}/api/v1/namespaces/${userNamespace}/pods/${podName}`;
  const ca = readFileSync(files.ca, 'utf8');
  const probe = async (): Promise<boolean> => {
    const { status, body } = await httpsGet({ url, ca, token });
    if (status !== 200) throw new Error(`Envoy answers ${status}: ${body}`);
    return body.includes('"phase":"Running"');
  };
  const { process } = server;
  await waitUntil('a token to work through Envoy', probe, { timeoutMs: 30_000, process });
}

function stateOf({ envoy, cluster, issuer, server }: Running): QuickstartState {
  return {
    envoy: envoy.url,
    apiServer: cluster.server,
    issuer: issuer.url,
    admin: server.adminUrl,
    grpc: `${server.grpc.address}:${server.grpc.port}`,
    serviceAccount: serverUsername,
  };
}
