// What reviews of every kind have in common when the API server gives no answer that counts.
import { Denial } from '../denial/denial.ts';
import type { KubeAnswer } from './client.ts';

/** How one kind of review is called. */
export interface ReviewTerms {
  readonly kind: string;
  readonly apiVersion: string;
  /** What our own account must be allowed to create. */
  readonly resource: string;
  /** Completes "may not ask the API server about". */
  readonly topics: string;
  /** Completes "was asked about". */
  readonly topic: string;
}

/** A text of the API server's for the log, without what may not be told. */
export type Clean = (text: string) => string;

export type JsonRecord = Readonly<Record<string, unknown>>;

/** The `status` of a review; throws Denial `review_unavailable` when the answer has none. */
export function readReviewStatus(
  { status, content }: KubeAnswer,
  terms: ReviewTerms,
  clean: Clean,
): JsonRecord {
  if (status !== 200 && status !== 201) throw refusedToReview(status, content, terms, clean);
  if (!isRecord(content)) throw garbage('it is not a JSON object in UTF-8', terms);
  if (content['kind'] !== terms.kind || content['apiVersion'] !== terms.apiVersion) {
    throw garbage(`it is no ${terms.kind} of ${terms.apiVersion}`, terms);
  }
  const result = content['status'];
  if (!isRecord(result)) throw garbage('it has no status', terms);
  return result;
}

function refusedToReview(
  status: number,
  content: unknown,
  { topic, topics, resource }: ReviewTerms,
  clean: Clean,
): Denial {
  const isStatus = isRecord(content) && content['kind'] === 'Status';
  const said = isStatus && typeof content['message'] === 'string' ? content['message'] : '';
  const cause = new Error(`it answered ${status}: ${clean(said) || 'no reason'}`);
  if (status === 403 && isStatus) {
    return unavailable(
      `this proxy may not ask the API server about ${topics}: its own account lacks the permission to create ${resource}`,
      cause,
    );
  }
  if (status === 401) {
    return unavailable(
      `the API server does not accept this proxy's own credentials, so it can't be asked about ${topic}`,
      cause,
    );
  }
  const hint = status >= 300 && status < 400 ? ' (redirects are not followed)' : '';
  return unavailable(
    `the API server answered ${status}${hint} when it was asked about ${topic}; try again later`,
    cause,
  );
}

/** `what` says for the log why the answer is none. */
export function garbage(what: string, { kind, topic }: ReviewTerms): Denial {
  return unavailable(
    `the API server's answer about ${topic} can't be understood`,
    new Error(`${kind}: ${what}`),
  );
}

/** The API server could not be asked, or gave no answer that counts. */
export function unavailable(message: string, cause: Error): Denial {
  return new Denial('review_unavailable', message, { cause });
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
