/**
 * The second part: one request to a real API server, straight and through Envoy. The ways between tell whose the difference is:
 * straight as Envoy would send it on is the API server's share (impersonation), Envoy with the bare server is Envoy's.
 */
import { join } from 'node:path';
import { stringify } from 'yaml';
import { alice, authenticationConfiguration, mintForAlice, teamKey } from '../lab/alice.ts';
import { createAuthority } from '../lab/certificates.ts';
import { startCluster, type Cluster } from '../lab/cluster.ts';
import { startEnvoy, type EnvoyOptions, type RunningEnvoy } from '../lab/envoy.ts';
import { startIssuer } from '../lab/issuer.ts';
import { apply } from '../lab/kube.ts';
import { writeKubeconfig } from '../lab/kubeconfig.ts';
import type { Parts } from '../lab/parts/provide.ts';
import { replaceFile } from '../lab/replace-file.ts';
import { keepServerToken, serverAccountManifests } from '../lab/server-account.ts';
import type { PartOptions } from './checks.ts';
import { compare, type Comparison, type Contest, type Leg } from './comparison.ts';
import { encodeRequest, type HeaderLines } from './http2-frames.ts';
import { impersonationContests, mayBeAnybody } from './impersonation.ts';
import type { Plan } from './plan.ts';
import { newTokenFile, startServers, type Servers } from './servers.ts';
import { upstreamLines } from './upstream-lines.ts';

export interface ThroughEnvoyOptions extends PartOptions {
  readonly parts: Parts;
}

export interface ThroughEnvoyResult {
  readonly comparisons: readonly Comparison[];
}

interface Stage {
  readonly token: string;
  readonly servers: Servers;
  readonly cluster: Cluster;
  readonly front: Front;
}

/** Two Envoys of the same configuration, but for whom they ask. */
interface Front {
  readonly caPem: string;
  readonly askingOurs: RunningEnvoy;
  readonly askingBare: RunningEnvoy;
}

const concurrency = 16;
const path = '/version';

/** Starts everything, measures, and stops it. */
export async function measureThroughEnvoy(
  options: ThroughEnvoyOptions,
): Promise<ThroughEnvoyResult> {
  const { plan, load, progress } = options;
  await using stack = new AsyncDisposableStack();
  const stage = await setStage(options, stack);
  const comparisons: Comparison[] = [];
  const { token, servers, cluster } = stage;
  const apiServer = cluster.apiServer.pid;
  for (const contest of [
    ...impersonationContests(plan, { token, servers, apiServer }),
    ...contests(plan, legsOf(stage)),
  ]) {
    progress(`measuring: ${contest.title}`);
    comparisons.push(await compare(contest, load));
  }
  return { comparisons };
}

async function setStage(
  { dir, parts, progress }: ThroughEnvoyOptions,
  stack: AsyncDisposableStack,
): Promise<Stage> {
  const issuer = stack.adopt(await startIssuer(), (one) => one.close());
  const { token } = await mintForAlice(issuer);
  // The API server reads alice's tokens by the same configuration as kube-ext-authz does.
  const authenticationConfig = stringify(authenticationConfiguration(issuer));
  const cluster = stack.adopt(
    await startCluster({ dir, parts, progress, authenticationConfig, kwok: false }),
    (one) => one.stop(),
  );
  await apply(cluster, [...serverAccountManifests([teamKey]), ...mayBeAnybody(alice.username)]);
  const upstreamTokenFile = newTokenFile(dir);
  const report = (error: unknown): void => progress(`a token was not renewed: ${String(error)}`);
  stack.adopt(await keepServerToken(cluster, upstreamTokenFile, report), (one) => one.stop());
  progress('starting kube-ext-authz, the bare server and an Envoy for each');
  const kubeconfig = join(dir, 'kube-ext-authz.kubeconfig');
  const { server, caFile } = cluster;
  writeKubeconfig({ file: kubeconfig, server, caFile, tokenFile: upstreamTokenFile });
  const options = { dir, issuer, upstreamTokenFile, kubeconfig, token };
  const servers = await startServers(options, stack);
  const front = await startFront({ dir, parts, cluster, servers }, stack);
  return { token, servers, cluster, front };
}

async function startFront(
  {
    dir,
    parts,
    cluster,
    servers,
  }: Pick<ThroughEnvoyOptions, 'dir' | 'parts'> & Pick<Stage, 'cluster' | 'servers'>,
  stack: AsyncDisposableStack,
): Promise<Front> {
  const authority = await createAuthority('benchmark Envoy CA');
  const leaf = await authority.issue({ commonName: 'envoy', hosts: ['127.0.0.1'] });
  const [certFile, keyFile] = [join(dir, 'envoy.crt'), join(dir, 'envoy.key')];
  replaceFile(certFile, leaf.certPem);
  replaceFile(keyFile, leaf.keyPem);
  const { hostname: address, port } = new URL(cluster.server);
  const start = async (name: string, authzPort: number): Promise<RunningEnvoy> => {
    const options: EnvoyOptions = {
      dir: join(dir, name),
      envoyBin: parts.envoy,
      certFile,
      keyFile,
      apiServer: { address, port: Number(port), caFile: cluster.caFile },
      authz: { endpoints: [{ address: '127.0.0.1', port: authzPort }] },
      accessLog: join(dir, name, 'access.log'),
    };
    return stack.adopt(await startEnvoy(options), (one) => one.stop());
  };
  return {
    caPem: authority.certPem,
    askingOurs: await start('envoy-ours', servers.ours.grpc.port),
    askingBare: await start('envoy-bare', servers.bare.port),
  };
}

function contests(plan: Plan, legs: readonly Leg[]): readonly Contest[] {
  const { rounds } = plan;
  return [
    {
      name: 'get-version',
      title: `GET ${path}, ${concurrency} requests at a time`,
      legs,
      inFlight: concurrency,
      total: plan.throughEnvoy,
      rounds,
      warmUps: 2,
    },
    {
      name: 'get-version-alone',
      title: `GET ${path}, one request at a time`,
      legs,
      inFlight: 1,
      total: plan.throughEnvoyAlone,
      rounds,
      warmUps: 1,
    },
  ];
}

function legsOf({ token, servers, cluster, front }: Stage): readonly Leg[] {
  const { askingOurs, askingBare, caPem } = front;
  const own: HeaderLines = [['authorization', `Bearer ${token}`]];
  const toApiServer = { url: cluster.server, ca: cluster.caPem };
  const apiServer = { 'kube-apiserver': cluster.apiServer.pid };
  return [
    leg({ ...toApiServer, name: 'straight', lines: own, processes: apiServer }),
    leg({
      ...toApiServer,
      name: 'straight, impersonating',
      lines: upstreamLines(servers.reply),
      processes: apiServer,
    }),
    leg({
      name: 'Envoy and the bare server',
      url: askingBare.url,
      ca: caPem,
      lines: own,
      processes: { ...apiServer, envoy: askingBare.process.pid, bare: servers.bare.process.pid },
    }),
    leg({
      name: 'Envoy and kube-ext-authz',
      url: askingOurs.url,
      ca: caPem,
      lines: own,
      processes: {
        ...apiServer,
        envoy: askingOurs.process.pid,
        'kube-ext-authz': servers.ours.process.pid,
      },
    }),
  ];
}

interface Way extends Pick<Leg, 'name' | 'processes'> {
  readonly url: string;
  readonly ca: string;
  readonly lines: HeaderLines;
}

function leg({ name, url, ca, lines, processes }: Way): Leg {
  const { host, hostname, port } = new URL(url);
  const request = encodeRequest([
    [':method', 'GET'],
    [':path', path],
    [':authority', host],
    [':scheme', 'https'],
    ['user-agent', 'kubectl/v1.36.3 (linux/amd64) kubernetes/abcdef0'],
    ['accept', 'application/json'],
    ...lines,
  ]);
  return {
    name,
    target: { host: hostname, port: Number(port), ca },
    requests: () => [request],
    good: 'status 200',
    processes,
  };
}
