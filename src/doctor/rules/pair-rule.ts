// What the rules about both configurations have in common.
import type { Config } from '../../config/config.ts';
import type { EnvoyConfig } from '../envoy-config.ts';
import type { Rule } from '../finding.ts';
import type { IdentityFact } from '../installation.ts';

export interface BothSides {
  readonly config: Config;
  readonly envoy: EnvoyConfig;
  readonly identity: IdentityFact | undefined;
}

export type PairRule = Rule<BothSides>;
