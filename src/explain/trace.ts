// What an explanation holds: its form is that of `explain -o json`, which docs/explain.md documents.
import type { ActAs } from '../decision/decision.ts';
import type { DenyReason } from '../denial/reasons.ts';
import type { Identity } from '../identity/identity.ts';
import type { ModeName } from '../impersonation/modes.ts';

/** leftOut: it was not looked at, because that needs a connection or because nothing depends on it any more. */
export type Outcome = 'good' | 'refused' | 'leftOut';

export type StepName =
  | 'credential'
  | 'form'
  | 'algorithm'
  | 'signature'
  | 'audience'
  | 'dates'
  | 'lifetime'
  | 'distributedClaims'
  | 'identity'
  | 'requiredClaims'
  | 'claimRules'
  | 'userRules'
  | 'names'
  | 'serviceAccount'
  | 'tokenReview'
  | 'extras'
  | 'requestedUser'
  | 'request'
  | 'reviews'
  | 'target'
  | 'token'
  | 'headers';

/** One thing of a step: a part of the identity, a rule, a date, a question to the API server. */
export interface Row {
  readonly name: string;
  readonly value?: string | readonly string[];
  /** Where the value comes from, or what is said of it. */
  readonly from?: string;
  readonly outcome?: Outcome;
}

export interface Step {
  readonly step: StepName;
  readonly outcome: Outcome;
  readonly says: string;
  readonly rows: readonly Row[];
}

/** An entry of `jwt`, and what it makes of the token. */
export interface EntryTrace {
  readonly name: string;
  readonly issuer: string;
  /** notAsked: the token is another issuer's, or an entry before this one takes it. */
  readonly outcome: 'takes' | 'refuses' | 'notAsked';
  readonly says: string;
  readonly steps: readonly Step[];
}

/** One of kube-apiserver's ways to be somebody else. */
export interface ModeTrace {
  readonly mode: ModeName;
  readonly outcome: Outcome;
  readonly says: string;
  /** Questions to the API server, in kube-apiserver's order. */
  readonly rows: readonly Row[];
}

export interface AskedRequest {
  readonly method: string;
  readonly path: string;
  /** What kube-apiserver reads in them; both are empty when it can't tell. */
  readonly verb: string;
  readonly resource: string;
  /** Whom it asks to be, as the flags have it. */
  readonly as?: Partial<Identity>;
}

/** Who the request is for the API server, and by which lines. */
export interface Upstream {
  readonly actAs: ActAs;
  readonly identity: Identity;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A whole explanation. `unknown`: nothing refuses, but something was left out that may. */
export interface Explanation {
  readonly apiVersion: 'kube-ext-authz.dev/v1alpha1';
  readonly kind: 'Explanation';
  readonly decision: 'allow' | 'deny' | 'unknown';
  /** Empty unless it is denied. */
  readonly reason: DenyReason | '';
  /** HTTP status of a denial, else 0. */
  readonly status: number;
  /** What the caller is told. */
  readonly message: string;
  /** What would change a denial. */
  readonly helps: readonly string[];
  readonly request: AskedRequest;
  /** About the token before an entry is looked for. */
  readonly token: readonly Step[];
  readonly entries: readonly EntryTrace[];
  /** About a token that no entry claims, when the API server is asked about those. */
  readonly others: readonly Step[];
  /** Label of who vouches; empty when nobody does. */
  readonly issuer: string;
  readonly inbound?: Identity;
  readonly impersonation: readonly Step[];
  readonly modes: readonly ModeTrace[];
  readonly upstreamSteps: readonly Step[];
  readonly upstream?: Upstream;
  /** What was not looked at, and why. */
  readonly leftOut: readonly string[];
}
