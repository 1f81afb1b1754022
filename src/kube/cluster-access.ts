// Where the API server is and as whom we ask it: from a kubeconfig or from a Pod's own files, by way
// of Kubernetes' client library. Two things it doesn't do are done here: it passes over a
// kubeconfig's `tokenFile`, and reads a Pod's token only once a minute.
import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { withinDeadline } from '../lib/within-deadline.ts';

export interface ClusterAccess {
  /** What to send a request with, as the files are now; rejects with a sentence that holds no credential. */
  readonly connection: () => Promise<Connection>;
}

export interface Connection {
  /** Base URL, without a slash at its end. */
  readonly server: string;
  /** CA, client certificate, server name. */
  readonly options: RequestOptions;
  /** Our own credentials. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Loaded {
  readonly config: KubeConfig;
  readonly server: string;
  readonly tokenFile?: string | undefined;
}

/** For a credential plugin that never ends, in milliseconds. */
const patienceMs = 30_000;

/**
 * Follows a kubeconfig (of a new version that is no good the old one stays), or, when there is
 * none, a Pod's own files; `podRoot` stands before their usual paths.
 */
export function createClusterAccess(kubeconfig?: string, podRoot = ''): ClusterAccess {
  const load = kubeconfig === undefined ? followPod(podRoot) : followKubeconfig(kubeconfig);
  let running: Promise<Connection> | undefined;
  return {
    // One at a time: a credential plugin is a process.
    connection: () =>
      (running ??= withinDeadline(connect(load), Date.now() + patienceMs, tooSlow).finally(
        () => (running = undefined),
      )),
  };
}

function followPod(podRoot: string): () => Promise<Loaded> {
  return async () => {
    if (!process.env['KUBERNETES_SERVICE_HOST']) {
      throw new Error('kubernetes.kubeconfig is not set, and this is not a Pod of a cluster');
    }
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    config.loadFromCluster(podRoot);
    return usable(config, undefined, KubeConfig);
  };
}

function followKubeconfig(file: string): () => Promise<Loaded> {
  let seen: string | undefined;
  let good: Loaded | undefined;
  return async () => {
    try {
      const text = await readFile(file, 'utf8');
      if (good && text === seen) return good;
      seen = text;
      good = await loadKubeconfig(text, dirname(file));
    } catch (error) {
      if (!good) throw error;
    }
    return good;
  };
}

/** The library is loaded when it is needed: it takes half a second and 90 MB. */
async function loadKubeconfig(text: string, folder: string): Promise<Loaded> {
  const { KubeConfig, loadYaml } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  let content: KubeconfigFile;
  try {
    config.loadFromString(text);
    content = loadYaml<KubeconfigFile>(text);
  } catch {
    throw new Error('the kubeconfig is not one'); // the parser's own message quotes it
  }
  config.makePathsAbsolute(folder);
  const name = config.getCurrentUser()?.name;
  const tokenFile = content.users?.find((user) => user.name === name)?.user?.tokenFile;
  return usable(config, tokenFile && resolve(folder, tokenFile), KubeConfig);
}

interface KubeconfigFile {
  readonly users?: readonly {
    readonly name?: string;
    readonly user?: { readonly tokenFile?: string } | null;
  }[];
}

/** The current context alone, with the token's file taken out of the library's hands. */
function usable(
  config: KubeConfig,
  namedFile: string | undefined,
  create: typeof KubeConfig,
): Loaded {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (!cluster || !user) throw new Error("the kubeconfig's current context is not whole");
  refuseInsecure(cluster);
  const providerFile: unknown = user.authProvider?.config?.tokenFile;
  const tokenFile = namedFile ?? (typeof providerFile === 'string' ? providerFile : undefined);
  const own = new create();
  // As in client-go, what a token's file holds goes before a token that stands in the kubeconfig.
  const { authProvider: _provider, token: _token, ...others } = user;
  own.loadFromClusterAndUser(cluster, tokenFile === undefined ? user : others);
  return { config: own, server: cluster.server, tokenFile };
}

/** Whoever can answer in the API server's place can be anybody here. */
function refuseInsecure({ server, skipTLSVerify, proxyUrl }: Cluster): void {
  if (URL.parse(server)?.protocol !== 'https:') {
    throw new Error("the API server's address does not begin with https://");
  }
  if (skipTLSVerify)
    throw new Error('the kubeconfig has insecure-skip-tls-verify, which is refused');
  if (proxyUrl) throw new Error('the kubeconfig has a proxy-url, which is not supported');
}

async function connect(load: () => Promise<Loaded>): Promise<Connection> {
  const { config, server, tokenFile } = await load();
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers = Object.entries(options.headers ?? {}).map(asText);
  if (tokenFile !== undefined)
    headers.push(['Authorization', `Bearer ${await readToken(tokenFile)}`]);
  return { server, options, headers: Object.fromEntries(headers) };
}

function asText([name, value]: readonly [string, unknown]): readonly [string, string] {
  return [name, String(value)];
}

async function readToken(file: string): Promise<string> {
  const token = (await readFile(file, 'utf8')).trim();
  if (token === '') throw new Error(`${file} is empty`);
  return token;
}

function tooSlow(): Error {
  return new Error(`our own credentials were not there after ${patienceMs / 1000} s`);
}
