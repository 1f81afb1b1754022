import type { DenyReason } from './reasons.ts';

/** metav1.StatusDetails: what a refusal is about, for programs. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
}

export interface DenialOptions extends ErrorOptions {
  readonly details?: StatusDetails;
}

/**
 * Thrown by any step that can't vouch for a request. The message is what the caller reads: a
 * sentence to act on that holds no token, key or claim set. `cause` is for the log alone.
 */
export class Denial extends Error {
  readonly reason: DenyReason;
  readonly details: StatusDetails | undefined;

  constructor(reason: DenyReason, message: string, options: DenialOptions = {}) {
    super(message, options);
    this.name = 'Denial';
    this.reason = reason;
    this.details = options.details;
  }
}
