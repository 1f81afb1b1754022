import type { DenyReason } from './reasons.ts';

/**
 * Thrown by any step that can't vouch for a request. The message is what the caller reads: a
 * sentence to act on that holds no token, key or claim set. `cause` is for the log alone.
 */
export class Denial extends Error {
  readonly reason: DenyReason;

  constructor(reason: DenyReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Denial';
    this.reason = reason;
  }
}
