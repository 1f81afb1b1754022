// What an explanation is made with: the configuration and the clients that serve, or none where no connection is wanted.
import type { Identity } from '../identity/identity.ts';
import type { OwnExtraSettings } from '../impersonation/own-extra.ts';
import type { AccessReviewer } from '../kube/access-review.ts';
import type { TokenReviewer } from '../kube/token-review.ts';
import type { ClaimSources } from '../token/distributed-claims.ts';
import type { IssuerKeys } from '../token/issuer-keys.ts';
import type { IssuerRules } from '../token/verifier.ts';

export interface World {
  /** In the order of the configuration. */
  readonly entries: readonly Entry[];
  /** Tokens of no entry are put to the API server, for these audiences. */
  readonly reviewOthers?: { readonly audiences: readonly string[] } | undefined;
  /** Undefined: nobody may be asked. */
  readonly tokenReviewer: TokenReviewer | undefined;
  /** Undefined: nobody may be asked. */
  readonly accessReviewer: AccessReviewer | undefined;
  readonly impersonation: {
    /** Whether the API server knows of constrained impersonation; undefined when it can't be asked. */
    readonly constrained: () => Promise<boolean | undefined>;
    readonly maxHeaderValues: number;
  };
  readonly ownExtra: OwnExtraSettings;
  readonly own: OwnToken;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** When what is waited for must be there, in milliseconds since 1970. */
  readonly deadline: number;
}

export interface Entry {
  readonly url: string;
  readonly rules: IssuerRules;
  /** Has its keys got; called when a token is the entry's. */
  readonly open: () => OpenedEntry;
}

export interface OpenedEntry {
  /** Undefined: they are an issuer's, who may not be asked. refetch() waits for the first fetch. */
  readonly keys: IssuerKeys | undefined;
  /** Undefined: nobody may be asked. */
  readonly claimSources: ClaimSources | undefined;
}

/** The token that goes upstream. It is never part of anything that is told. */
export interface OwnToken {
  /** Such as `/var/run/…/token`, or `service account kube-ext-authz/kube-ext-authz`. */
  readonly source: string;
  /** Throws Denial when there is none. Who has it, as far as it tells. */
  readonly identity: () => Promise<Identity>;
  /** It is made when it is needed, and so not for an explanation. */
  readonly isMinted: boolean;
}
