/** One question that a check had for the API server, and how it ended: for metrics, so of closed sets alone. */
export interface ReviewReport {
  readonly kind: 'TokenReview' | 'SubjectAccessReview';
  /** `error`: no answer that counts. */
  readonly outcome: 'allowed' | 'denied' | 'error';
  /** `hit` when the answer was remembered, `miss` when the API server was asked. */
  readonly cache: 'hit' | 'miss';
}

export type OnReview = (report: ReviewReport) => void;
