import type { StatusDetails } from '../denial/denial.ts';
import type { DenyReason } from '../denial/reasons.ts';
import type { Identity } from '../identity/identity.ts';
import type { KubeRequest } from '../request/request.ts';
import type { PhaseTimes } from './phases.ts';

/** What becomes of a request. There is no third way and no empty one. */
export type Decision = Allow | Deny;

export interface Allow {
  readonly kind: 'allow';
  readonly auditID: string;
  /** Label of the issuer that vouches. */
  readonly issuer: string;
  readonly actAs: ActAs;
  /** Who the request is for the API server. */
  readonly outbound: Identity;
  /** Our own bearer token. */
  readonly token: string;
  readonly isUpgrade: boolean;
  /** What `Sec-WebSocket-Protocol` becomes when the client's token stood in it. */
  readonly subprotocols?: string | undefined;
  /** Inbound header names that must not go on. */
  readonly remove: readonly string[];
}

export interface Deny {
  readonly kind: 'deny';
  readonly auditID: string;
  readonly reason: DenyReason;
  /** A sentence for the caller. */
  readonly message: string;
  readonly details?: StatusDetails | undefined;
}

export type ActAs = 'impersonate' | 'serviceAccount';

/** Everything that audit and metrics know of a check: one record, so that they can't disagree. */
export interface CheckRecord {
  readonly request: KubeRequest;
  readonly decision: Decision;
  /** Empty when no issuer vouched. */
  readonly issuer: string;
  /** Empty when no issuer vouched. */
  readonly actAs: ActAs | '';
  /** Who the token proved. */
  readonly inbound?: Identity | undefined;
  readonly startedAt: Date;
  readonly durationMs: number;
  /** Of the parts that had to wait. */
  readonly times?: PhaseTimes | undefined;
  /** Why it was denied, for the log alone. */
  readonly cause?: unknown;
}
