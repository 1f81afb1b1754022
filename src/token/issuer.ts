import type { ClaimSources } from './distributed-claims.ts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { IssuerRules } from './verifier.ts';

/** Somebody whose tokens are believed: by which name, by which rules, with which keys. */
export interface Issuer {
  readonly url: string;
  readonly rules: IssuerRules;
  readonly keys: IssuerKeys;
  /** Where claims are fetched from that its tokens keep elsewhere. */
  readonly claimSources?: ClaimSources;
}
