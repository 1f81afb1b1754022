// Asks the API server whether somebody may do something (SubjectAccessReview,
// authorization.k8s.io/v1): the one who decides is the one whose rules they are.
import { errorMessage } from '../lib/error-message.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import { accessTerms, readAccessAnswer, type AccessVerdict } from './access-answer.ts';
import type { AccessAttributes } from './access-attributes.ts';
import { questionKey, reviewSpec, type AccessSubject } from './access-question.ts';
import { createBriefMemory } from './brief-memory.ts';
import type { KubeAnswer, KubeClient } from './client.ts';
import { unavailable } from './review-faults.ts';
import type { OnReview, ReviewReport } from './review-report.ts';
import { createSharedWork } from './shared-work.ts';

export type {
  AccessAttributes,
  NonResourceAttributes,
  ResourceAttributes,
} from './access-attributes.ts';
export type { AccessSubject } from './access-question.ts';

export interface AccessAnswer extends AccessVerdict {
  /** When it was asked, in milliseconds since 1970; a remembered answer keeps its time. */
  readonly at: number;
}

export interface AccessLimits {
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** Aborted by one who does not want to know any more. */
  readonly signal?: AbortSignal;
}

export interface AccessReviewer {
  /**
   * The API server's yes or no. Rejects with Denial `review_unavailable` when there is no answer that
   * counts before the deadline, and with the signal's reason as soon as that is aborted.
   */
  readonly review: (
    subject: AccessSubject,
    attributes: AccessAttributes,
    limits: AccessLimits,
  ) => Promise<AccessAnswer>;
}

export interface AccessReviewerOptions {
  /** Stays the caller's to stop. */
  readonly client: KubeClient;
  /** The longest that a review may take, whatever the deadline; default 5 000. */
  readonly timeoutMs?: number;
  /** How long a yes is remembered; default 10 000. */
  readonly allowCacheTtlMs?: number;
  /** How long a no is remembered; default 5 000. */
  readonly denyCacheTtlMs?: number;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
  /** Told how each review ended, unless nobody waited for its end. */
  readonly onReview?: OnReview | undefined;
}

const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const maxRemembered = 10_000;
/** With longer ones a full memory would be a large one. */
const longestRememberedReason = 1_000;

/** Asks nobody before the first review. */
export function createAccessReviewer(options: AccessReviewerOptions): AccessReviewer {
  const { client, timeoutMs = 5_000, now = Date.now } = options;
  const { allowCacheTtlMs = 10_000, denyCacheTtlMs = 5_000 } = options;
  const longestTtl = Math.max(allowCacheTtlMs, denyCacheTtlMs);
  const memory = { ttlMs: longestTtl, maxEntries: maxRemembered, now };
  const remembered = createBriefMemory<AccessAnswer>(memory);
  const join = createSharedWork<AccessAnswer>(timeoutMs);

  function recall(key: string): AccessAnswer | undefined {
    const known = remembered.get(key);
    if (!known) return undefined;
    const ttl = known.allowed ? allowCacheTtlMs : denyCacheTtlMs;
    return now() - known.at < ttl ? known : undefined;
  }
  async function ask(asked: Asked, key: string, signal: AbortSignal): Promise<AccessAnswer> {
    const at = now(); // what is remembered was true when it was asked, at the latest
    const verdict = readAccessAnswer(await post(client, asked, signal), asked.subject);
    const answer = Object.freeze({ ...verdict, at });
    if (isLasting(answer)) remembered.set(key, answer, at);
    return answer;
  }
  function report(outcome: ReviewReport['outcome'], cache: ReviewReport['cache']): void {
    options.onReview?.({ kind: 'SubjectAccessReview', outcome, cache });
  }
  async function askInTime(
    asked: Asked,
    key: string,
    { deadline, signal }: AccessLimits,
  ): Promise<AccessAnswer> {
    const patience = Math.min(deadline - now(), timeoutMs);
    if (patience <= 0) throw tooLate();
    const share = join(key, (ending) => ask(asked, key, ending));
    try {
      const answer = unlessAborted(share.result, signal);
      return await withinDeadline(answer, Date.now() + patience, tooLate);
    } finally {
      share.leave();
    }
  }
  return {
    review: async (subject, attributes, limits) => {
      limits.signal?.throwIfAborted();
      try {
        const key = questionKey(subject, attributes);
        const known = recall(key);
        const answer = known ?? (await askInTime({ subject, attributes }, key, limits));
        report(answer.allowed ? 'allowed' : 'denied', known ? 'hit' : 'miss');
        return answer;
      } catch (error) {
        if (!limits.signal?.aborted) report('error', 'miss');
        throw error;
      }
    },
  };
}

interface Asked {
  readonly subject: AccessSubject;
  readonly attributes: AccessAttributes;
}

/** A no with a fault behind it may be a yes the next moment. */
function isLasting({ evaluationError, reason }: AccessAnswer): boolean {
  return evaluationError === '' && reason.length <= longestRememberedReason;
}

async function post(
  client: KubeClient,
  { subject, attributes }: Asked,
  signal: AbortSignal,
): Promise<KubeAnswer> {
  const { kind, apiVersion } = accessTerms;
  const review = { apiVersion, kind, spec: reviewSpec(subject, attributes) };
  try {
    return await client.post(path, review, signal);
  } catch (error) {
    if (signal.aborted) throw tooLate();
    throw unavailable(
      "the API server can't be asked about access at the moment; try again later",
      new Error(`SubjectAccessReview: ${errorMessage(error)}`),
    );
  }
}

function tooLate(): Error {
  return unavailable(
    'the API server did not say in time whether access is allowed; try again later',
    new Error('SubjectAccessReview: no whole answer in time'),
  );
}
