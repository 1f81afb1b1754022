// Opens what `explain` looks with: the parts that serve, each once and no more than are needed.
import type { Config, JwtConfig } from './config/config.ts';
import { createUpstreamToken } from './credentials/service-account.ts';
import type { Entry, OpenedEntry, OwnToken, World } from './explain/world.ts';
import { accountIdentity, bearerIdentity } from './identity/service-account.ts';
import { rulesOf, startIssuer } from './issuers.ts';
import { createAccessReviewer } from './kube/access-review.ts';
import { createKubeClient, type KubeClient } from './kube/client.ts';
import { createClusterAccess } from './kube/cluster-access.ts';
import { askServerMinor } from './kube/server-version.ts';
import { createTokenReviewer } from './kube/token-review.ts';
import type { Logger } from './lib/logger.ts';
import { withinDeadline } from './lib/within-deadline.ts';
import { hasConstrained } from './outbound.ts';
import type { ClaimSources } from './token/distributed-claims.ts';
import type { IssuerKeys } from './token/issuer-keys.ts';

export interface OpenWorld extends World {
  readonly stop: () => Promise<void>;
}

export interface WorldSettings {
  /** Nobody is asked anything: no issuer, no API server. */
  readonly offline: boolean;
  readonly now: () => number;
  /** Of all that is waited for together; default 15 000 ms. */
  readonly patienceMs?: number;
}

/** Opens no connection before something is looked at. */
export function openWorld(config: Config, settings: WorldSettings): OpenWorld {
  const { offline, now, patienceMs = 15_000 } = settings;
  const deadline = Date.now() + patienceMs;
  const stops: (() => void | Promise<void>)[] = [];
  const client = createKubeClient(createClusterAccess(config.kubernetes.kubeconfig));
  stops.push(client.stop);
  const { impersonation, extra } = config;
  const { reviewTimeoutMs: timeoutMs, maxHeaderValues, originalUserExtra } = impersonation;
  const how = { offline, deadline, stops };
  return {
    entries: config.jwt.map((entry) => toEntry(entry, how)),
    reviewOthers: config.tokenReview,
    tokenReviewer: offline ? undefined : createTokenReviewer({ client }),
    accessReviewer: offline ? undefined : createAccessReviewer({ client, timeoutMs }),
    impersonation: {
      constrained: () => readConstrained(config, offline ? undefined : client, deadline),
      maxHeaderValues,
    },
    ownExtra: { ...extra, originalUserExtra },
    own: toOwnToken(config),
    now,
    deadline,
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

interface Opening {
  readonly offline: boolean;
  readonly deadline: number;
  readonly stops: (() => void | Promise<void>)[];
}

function toEntry(entry: JwtConfig, { offline, deadline, stops }: Opening): Entry {
  const open = (): OpenedEntry => {
    // Keys of the configuration are had without anybody.
    if (offline && !entry.issuer.keys) return { keys: undefined, claimSources: undefined };
    const started = startIssuer(entry, { log: silent, onKeyFetch: () => undefined });
    stops.push(started.stop);
    const { claimSources } = started;
    return {
      keys: fetchedOnce(started.keys, deadline),
      claimSources: offline || !claimSources ? undefined : waiting(claimSources, deadline),
    };
  };
  return { url: entry.issuer.url, rules: rulesOf(entry), open };
}

function late(): Error {
  return new Error('too late');
}

/** The server has them before a token comes; here the first fetch is waited for, and there is no second. */
function fetchedOnce(keys: IssuerKeys, deadline: number): IssuerKeys {
  return {
    ...keys,
    fetchedAt: () => keys.fetchedAt() ?? 0,
    refetch: async () => {
      await withinDeadline(keys.firstAttempt, deadline, late).catch(() => undefined);
      return keys.current();
    },
  };
}

function waiting(sources: ClaimSources, deadline: number): ClaimSources {
  return {
    fetchAnswer: (source) => sources.fetchAnswer(source),
    keysOf: (issuer) => fetchedOnce(sources.keysOf(issuer), deadline),
  };
}

/** Undefined when the API server's version decides and can't be asked. */
async function readConstrained(
  { impersonation: { constrained } }: Config,
  client: KubeClient | undefined,
  deadline: number,
): Promise<boolean | undefined> {
  if (constrained !== 'detect') return constrained;
  if (!client) return undefined;
  try {
    const patience = AbortSignal.timeout(Math.max(0, deadline - Date.now()));
    return hasConstrained(await askServerMinor(client, patience));
  } catch {
    return undefined; // what was not looked at is told
  }
}

function toOwnToken({ kubernetes: { token } }: Config): OwnToken {
  if ('tokenRequest' in token) {
    const { account } = token.tokenRequest;
    const source = `service account ${account.namespace}/${account.name}`;
    return { source, identity: () => Promise.resolve(accountIdentity(account)), isMinted: true };
  }
  const { file } = token;
  const identity = async (): ReturnType<OwnToken['identity']> => {
    const upstream = await createUpstreamToken({ file, log: silent });
    try {
      return bearerIdentity(upstream.current());
    } finally {
      upstream.stop();
    }
  };
  return { source: file, identity, isMinted: false };
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
