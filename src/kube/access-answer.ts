// Reads the API server's answer to a SubjectAccessReview: whatever is not clearly a yes or a no is
// a denial, and what it says of the subject stays out of the log.
import type { AccessSubject } from './access-question.ts';
import type { KubeAnswer } from './client.ts';
import { garbage, readReviewStatus, unavailable, type ReviewTerms } from './review-faults.ts';

/** SubjectAccessReview's `status` (authorization.k8s.io/v1, types.go, SubjectAccessReviewStatus). */
export interface AccessVerdict {
  readonly allowed: boolean;
  /** Empty when none was given. */
  readonly reason: string;
  /** What the authorizer stumbled over on the way to a no; empty when nothing was in the way. */
  readonly evaluationError: string;
}

export const accessTerms: ReviewTerms = {
  kind: 'SubjectAccessReview',
  apiVersion: 'authorization.k8s.io/v1',
  resource: 'subjectaccessreviews.authorization.k8s.io',
  topics: 'access',
  topic: 'access',
};

const longestText = 300;

/** Throws Denial `review_unavailable` when it is neither a yes nor a no. */
export function readAccessAnswer(answer: KubeAnswer, subject: AccessSubject): AccessVerdict {
  const clean = (text: string): string => withoutSubject(text, subject);
  const status = readReviewStatus(answer, accessTerms, clean);
  const { allowed, denied = false, reason = '', evaluationError = '' } = status;
  if (typeof allowed !== 'boolean') {
    throw garbage('status.allowed is not a boolean', accessTerms);
  }
  if (typeof denied !== 'boolean') throw garbage('status.denied is not a boolean', accessTerms);
  if (typeof reason !== 'string') throw garbage('status.reason is not a string', accessTerms);
  if (typeof evaluationError !== 'string') {
    throw garbage('status.evaluationError is not a string', accessTerms);
  }
  if (allowed && denied) throw garbage('it says both allowed and denied', accessTerms);
  if (allowed && evaluationError !== '') {
    throw unavailable(
      'the API server allows it, but says that it could not decide without a fault; try again later',
      new Error(`SubjectAccessReview: status.evaluationError: ${clean(evaluationError)}`),
    );
  }
  return { allowed, reason, evaluationError };
}

/** A text of the API server's for the log, or nothing of it when it quotes who was asked about. */
function withoutSubject(text: string, { username, uid, groups, extra }: AccessSubject): string {
  const personal = [username, uid, ...groups, ...Object.entries(extra).flat(2)];
  const quotes = personal.some((one) => one !== '' && text.includes(one));
  return quotes ? 'its reason quotes the subject' : text.slice(0, longestText);
}
