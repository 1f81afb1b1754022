// Who may read /metrics: whoever the API server knows by their token and lets `get` that path, as
// with kube-rbac-proxy. Prometheus sends the token of its service account.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { JudgeScrape, Refusal } from './admin/metrics-access.ts';
import { Denial } from './denial/denial.ts';
import { createAccessReviewer } from './kube/access-review.ts';
import { createKubeClient } from './kube/client.ts';
import type { ClusterAccess } from './kube/cluster-access.ts';
import type { OnReview } from './kube/review-report.ts';
import { createTokenReviewer } from './kube/token-review.ts';
import { createAllowance, type AllowanceOptions } from './lib/allowance.ts';
import type { Logger } from './lib/logger.ts';

export interface MetricsAccess {
  readonly judge: JudgeScrape;
  readonly stop: () => void;
}

export interface MetricsAccessSettings {
  readonly access: ClusterAccess;
  readonly onReview: OnReview;
  readonly log: Logger;
  /** How often tokens are put to the API server that were not good a moment ago. */
  readonly allowance?: AllowanceOptions;
  /** How long a yes is remembered, in milliseconds; default 60 000. */
  readonly allowCacheTtlMs?: number;
  /** How long a no about a known account is remembered, in milliseconds; default 10 000. */
  readonly denyCacheTtlMs?: number;
}

/** Prometheus waits for ten seconds, unless it is told otherwise. */
const patienceMs = 5_000;
/** RFC 6750 section 2.1. */
const bearer = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;
const attributes = { kind: 'path', verb: 'get', path: '/metrics' } as const;

/** Asks nobody before the first scrape. */
export function createMetricsAccess(settings: MetricsAccessSettings): MetricsAccess {
  const { access, onReview, log, allowCacheTtlMs = 60_000, denyCacheTtlMs = 10_000 } = settings;
  // A client of its own: who hammers this door keeps no check waiting.
  const client = createKubeClient(access);
  const tokens = createTokenReviewer({ client, onReview, cacheTtlMs: allowCacheTtlMs });
  const rights = createAccessReviewer({ client, onReview, allowCacheTtlMs, denyCacheTtlMs });
  const mayAsk = createAllowance(settings.allowance ?? { burst: 20, perSecond: 2 });
  // They are asked about again at any time: who sends bad ones can't keep Prometheus out.
  const good = new LRUCache<string, true>({ max: 1_000 });

  async function review(token: string): Promise<Refusal | undefined> {
    const deadline = Date.now() + patienceMs;
    const user = await tokens.review(token, [], deadline);
    const { allowed } = await rights.review(user, attributes, { deadline });
    return allowed ? undefined : forbidden(user.username);
  }
  async function judge(token: string): Promise<Refusal | undefined> {
    const digest = hash('sha256', token, 'base64');
    if (!good.has(digest) && !mayAsk()) return tooMany;
    try {
      const refusal = await review(token);
      if (refusal) good.delete(digest);
      else good.set(digest, true);
      return refusal;
    } catch (error) {
      if (error instanceof Denial && error.reason === 'token_rejected') {
        good.delete(digest);
        return unauthorized('the API server does not know the bearer token');
      }
      if (error instanceof Denial) log.warn({ cause: String(error.cause) }, error.message);
      else log.error({ cause: String(error) }, 'a scrape could not be judged');
      return unavailable;
    }
  }
  return {
    judge: async (authorization) => {
      if (authorization === undefined) {
        return unauthorized('send the bearer token of a service account');
      }
      const [, token] = bearer.exec(authorization) ?? [];
      if (token === undefined) return unauthorized('the Authorization header has no bearer token');
      return judge(token);
    },
    stop: client.stop,
  };
}

function unauthorized(why: string): Refusal {
  return { status: 401, body: `${why}\n`, headers: { 'www-authenticate': 'Bearer' } };
}

function forbidden(username: string): Refusal {
  const rule = 'nonResourceURLs: ["/metrics"], verbs: ["get"]';
  return { status: 403, body: `${username} has no right to it: bind a ClusterRole with ${rule}\n` };
}

const tooMany: Refusal = {
  status: 429,
  body: 'too many tokens that are not known to be good; try again later\n',
  headers: { 'retry-after': '1' },
};

const unavailable: Refusal = {
  status: 503,
  body: "the API server can't be asked about the bearer token at the moment; try again later\n",
};
