/** What bench/results.json holds. */
import type { ChecksResult } from './checks.ts';
import type { Machine } from './machine.ts';
import type { ManyTokens } from './many-tokens.ts';
import type { ThroughEnvoyResult } from './through-envoy.ts';

export interface Results {
  /** Another number means that a figure has another place or meaning; new ones may come beside them. */
  readonly format: 1;
  /** RFC 3339, when it began. */
  readonly measuredAt: string;
  /** Too few requests for the figures to mean anything. */
  readonly quick: boolean;
  readonly machine: Machine;
  /** Checks straight to the servers. */
  readonly checks: ChecksResult;
  readonly manyTokens: ManyTokens;
  /** Null when parts were missing and the run was a quick one. */
  readonly throughEnvoy: ThroughEnvoyResult | null;
}
