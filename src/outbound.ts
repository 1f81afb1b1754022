// As whom requests go upstream, as the configuration says it now: another configuration replaces
// the rules between two checks, and what was remembered goes with the old ones.
import type { Config } from './config/config.ts';
import { createImpersonator } from './impersonation/impersonator.ts';
import { createFindOutbound, type FindOutbound } from './impersonation/outbound-identity.ts';
import { createAccessReviewer } from './kube/access-review.ts';
import { createKubeClient, type KubeClient } from './kube/client.ts';
import type { ClusterAccess } from './kube/cluster-access.ts';
import type { OnReview } from './kube/review-report.ts';
import { followServerVersion } from './kube/server-version.ts';
import type { Logger } from './lib/logger.ts';

export interface Outbound {
  readonly find: FindOutbound;
  readonly replace: (config: Config) => void;
  readonly stop: () => void;
}

export interface OutboundSettings {
  readonly access: ClusterAccess;
  readonly onReview: OnReview;
  readonly log: Logger;
}

interface Rules {
  readonly find: FindOutbound;
  readonly stop: () => void;
}

/** Opens no connection before the first review, unless the version of the API server decides. */
export function createOutbound(
  config: Config,
  { access, onReview, log }: OutboundSettings,
): Outbound {
  // A client of its own: who asks to be very many users keeps nobody's token from being reviewed.
  const client = createKubeClient(access);
  const settings = { client, onReview, log };
  let current = open(config, settings);
  return {
    find: (requester, request, limits) => current.find(requester, request, limits),
    replace: (next) => {
      current.stop();
      current = open(next, settings);
    },
    stop: () => {
      current.stop();
      client.stop();
    },
  };
}

type ReviewSettings = Omit<OutboundSettings, 'access'> & { readonly client: KubeClient };

function open(config: Config, settings: ReviewSettings): Rules {
  const { constrained } = config.impersonation;
  if (constrained !== 'detect') {
    return { find: findBy(config, settings, constrained), stop: () => undefined };
  }
  const version = followServerVersion(settings);
  const byGate = {
    on: findBy(config, settings, true),
    off: findBy(config, settings, false),
  };
  return {
    find: (...asked) => byGate[hasConstrained(version.minor()) ? 'on' : 'off'](...asked),
    stop: version.stop,
  };
}

/** The gate is on from 1.36. While nothing is known the verbs of old are the safe ones: they allow less. */
export function hasConstrained(minor: number | undefined): boolean {
  return (minor ?? 0) >= 36;
}

function findBy(
  { impersonation, extra }: Config,
  { client, onReview }: ReviewSettings,
  constrained: boolean,
): FindOutbound {
  const { originalUserExtra, maxHeaderValues, allowCacheTtlMs, denyCacheTtlMs } = impersonation;
  const reviewer = createAccessReviewer({
    client,
    timeoutMs: impersonation.reviewTimeoutMs,
    allowCacheTtlMs,
    denyCacheTtlMs,
    onReview,
  });
  return createFindOutbound({
    impersonator: createImpersonator({ reviewer, constrained, allowCacheTtlMs, originalUserExtra }),
    rules: { constrained, maxHeaderValues },
    ownExtra: { ...extra, originalUserExtra },
  });
}
