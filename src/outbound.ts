// As whom requests go upstream, as the configuration says it now: another configuration replaces
// the rules between two checks, and what was remembered goes with the old ones.
import type { Config } from './config/config.ts';
import { createImpersonator } from './impersonation/impersonator.ts';
import { createFindOutbound, type FindOutbound } from './impersonation/outbound-identity.ts';
import { createAccessReviewer } from './kube/access-review.ts';
import type { KubeClient } from './kube/client.ts';
import type { OnReview } from './kube/review-report.ts';

export interface Outbound {
  readonly find: FindOutbound;
  readonly replace: (config: Config) => void;
}

export interface OutboundSettings {
  readonly client: KubeClient;
  readonly onReview: OnReview;
}

/** Opens no connection before the first review. */
export function createOutbound(config: Config, settings: OutboundSettings): Outbound {
  let current = open(config, settings);
  return {
    find: (requester, request, limits) => current(requester, request, limits),
    replace: (next) => {
      current = open(next, settings);
    },
  };
}

function open(
  { impersonation, extra }: Config,
  { client, onReview }: OutboundSettings,
): FindOutbound {
  const { constrained, originalUserExtra, allowCacheTtlMs, denyCacheTtlMs } = impersonation;
  const reviewer = createAccessReviewer({
    client,
    timeoutMs: impersonation.reviewTimeoutMs,
    allowCacheTtlMs,
    denyCacheTtlMs,
    onReview,
  });
  return createFindOutbound({
    impersonator: createImpersonator({ reviewer, constrained, allowCacheTtlMs, originalUserExtra }),
    rules: impersonation,
    ownExtra: { ...extra, originalUserExtra },
  });
}
