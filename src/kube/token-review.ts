// Asks the API server about tokens that only it can judge (TokenReview, authentication.k8s.io/v1).
import { hash } from 'node:crypto';
import { Denial } from '../denial/denial.ts';
import { deepFreeze } from '../lib/deep-freeze.ts';
import { errorMessage } from '../lib/error-message.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import { createBriefMemory } from './brief-memory.ts';
import type { KubeAnswer, KubeClient } from './client.ts';
import { readReviewAnswer, unavailable, type Asked, type ReviewedUser } from './review-answer.ts';
import type { OnReview, ReviewReport } from './review-report.ts';
import { createSharedWork } from './shared-work.ts';

export type { ReviewedUser } from './review-answer.ts';

export interface TokenReviewer {
  /**
   * Who a token proves, if the API server says that it is good for any of the audiences (none: the
   * API server's own) before the deadline, in milliseconds since 1970. Rejects with Denial:
   * `token_rejected` when it says no, `review_unavailable` when it can't be asked.
   */
  readonly review: (
    token: string,
    audiences: readonly string[],
    deadline: number,
  ) => Promise<ReviewedUser>;
}

export interface TokenReviewerOptions {
  /** Stays the caller's to stop. */
  readonly client: KubeClient;
  /** The longest that a review may take, whatever the deadline; default 5 000. */
  readonly timeoutMs?: number;
  /** How long a yes is remembered; default 10 000. Nothing else is. */
  readonly cacheTtlMs?: number;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
  /** Told how each review ended. */
  readonly onReview?: OnReview | undefined;
}

const path = '/apis/authentication.k8s.io/v1/tokenreviews';
const maxRemembered = 10_000;

/** Asks nobody before the first review. */
export function createTokenReviewer(options: TokenReviewerOptions): TokenReviewer {
  const { client, timeoutMs = 5_000, cacheTtlMs = 10_000, now = Date.now } = options;
  const memory = { ttlMs: cacheTtlMs, maxEntries: maxRemembered, now };
  const remembered = createBriefMemory<ReviewedUser>(memory);
  const join = createSharedWork<ReviewedUser>(timeoutMs);

  async function ask(asked: Asked, key: string, signal: AbortSignal): Promise<ReviewedUser> {
    const at = now(); // what is remembered was true when it was asked, at the latest
    const user = deepFreeze(readReviewAnswer(await post(client, asked, signal), asked));
    remembered.set(key, user, at);
    return user;
  }
  function report(outcome: ReviewReport['outcome'], cache: ReviewReport['cache']): void {
    options.onReview?.({ kind: 'TokenReview', outcome, cache });
  }
  return {
    review: async (token, audiences, deadline) => {
      // Of this one kube-apiserver says that the question is wrong, not the token.
      if (token === '') throw new Denial('token_rejected', 'the bearer token is empty');
      const key = hash('sha256', JSON.stringify([token, audiences]), 'base64');
      const known = remembered.get(key);
      if (known) {
        report('allowed', 'hit');
        return known;
      }
      const patience = Math.min(deadline - now(), timeoutMs);
      if (patience <= 0) throw tooLate();
      const share = join(key, (signal) => ask({ token, audiences }, key, signal));
      try {
        const user = await withinDeadline(share.result, Date.now() + patience, tooLate);
        report('allowed', 'miss');
        return user;
      } catch (error) {
        const isNo = error instanceof Denial && error.reason === 'token_rejected';
        report(isNo ? 'denied' : 'error', 'miss');
        throw error;
      } finally {
        share.leave();
      }
    },
  };
}

async function post(
  client: KubeClient,
  { token, audiences }: Asked,
  signal: AbortSignal,
): Promise<KubeAnswer> {
  const review = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token, ...(audiences.length > 0 && { audiences }) },
  };
  try {
    return await client.post(path, review, signal);
  } catch (error) {
    if (signal.aborted) throw tooLate();
    throw unavailable(
      "the API server can't be asked about the token at the moment; try again later",
      new Error(`TokenReview: ${errorMessage(error)}`),
    );
  }
}

function tooLate(): Error {
  return unavailable(
    'the API server did not say in time whether the token is good; try again later',
    new Error('TokenReview: no whole answer in time'),
  );
}
