// Where the API server is and as whom we ask it, by way of Kubernetes' client library. Two things it
// doesn't do: it passes over a kubeconfig's `tokenFile`, and reads a Pod's token only once a minute.
import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { errorMessage } from '../lib/error-message.ts';
import type { Logger } from '../lib/logger.ts';
import { withinDeadline } from '../lib/within-deadline.ts';

export interface ClusterAccess {
  /** What to send a request with, as the files are now; rejects with a sentence that holds no credential. */
  readonly connection: () => Promise<Connection>;
  /** What was wrong with the files when they were needed last, also when older ones serve; undefined: nothing. */
  readonly fault: () => string | undefined;
}

export interface ClusterAccessOptions {
  /** Told of each fault once, and of its end. */
  readonly log?: Logger | undefined;
  /** Stands before the usual paths of a Pod's own files. */
  readonly podRoot?: string;
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
  /** Why this one is still used while the file holds another. */
  readonly newerIsRefused?: string;
}

/** For a credential plugin that never ends, in milliseconds. */
const patienceMs = 30_000;

/**
 * Follows a kubeconfig (of a new version that is no good the old one stays, and that is told), or,
 * when there is none, a Pod's own files.
 */
export function createClusterAccess(
  kubeconfig?: string,
  { log, podRoot = '' }: ClusterAccessOptions = {},
): ClusterAccess {
  const load = kubeconfig === undefined ? followPod(podRoot) : followKubeconfig(kubeconfig);
  let running: Promise<Connection> | undefined;
  let fault: string | undefined;

  function tell(found: string | undefined): void {
    if (found === fault) return;
    fault = found;
    if (fault === undefined) log?.info({}, 'our own access to the API server is well again');
    else log?.warn({ fault }, 'our own access to the API server has a fault');
  }
  async function loadAndConnect(): Promise<Connection> {
    let refused: string | undefined;
    const work = load().then((loaded) => {
      refused = loaded.newerIsRefused;
      return connect(loaded);
    });
    try {
      const connection = await withinDeadline(work, Date.now() + patienceMs, tooSlow);
      tell(refused);
      return connection;
    } catch (error) {
      tell(errorMessage(error));
      throw error;
    }
  }
  return {
    // One at a time: a credential plugin is a process.
    connection: () => (running ??= loadAndConnect().finally(() => (running = undefined))),
    fault: () => fault,
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
  let newest: Promise<Loaded> | undefined;
  let good: Loaded | undefined;
  return async () => {
    try {
      const text = await readFile(file, 'utf8');
      if (!newest || text !== seen) newest = loadKubeconfig(text, dirname(file));
      seen = text;
      good = await newest;
      return good;
    } catch (error) {
      if (!good) throw error;
      const newerIsRefused = `the kubeconfig's last good version is used: ${errorMessage(error)}`;
      return { ...good, newerIsRefused };
    }
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

async function connect({ config, server, tokenFile }: Loaded): Promise<Connection> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options).catch((error: unknown) => {
    throw nameOnly(error);
  });
  const headers = Object.entries(options.headers ?? {}).map(asText);
  if (tokenFile !== undefined)
    headers.push(['Authorization', `Bearer ${await readToken(tokenFile)}`]);
  return { server, options, headers: Object.fromEntries(headers) };
}

function asText([name, value]: readonly [string, unknown]): readonly [string, string] {
  return [name, String(value)];
}

/** What a system's error says is a path; anything else may quote what a credential plugin printed. */
function nameOnly(error: unknown): Error {
  if (error instanceof Error && 'syscall' in error) return error;
  return new Error(
    "the kubeconfig's credential plugin gave no credential; what it prints is not shown",
  );
}

async function readToken(file: string): Promise<string> {
  const token = (await readFile(file, 'utf8')).trim();
  if (token === '') throw new Error(`${file} is empty`);
  return token;
}

function tooSlow(): Error {
  return new Error(`our own credentials were not there after ${patienceMs / 1000} s`);
}
