/** What bench/results.json holds. */
import type { ChecksResult } from './checks.ts';
import type { Machine } from './machine.ts';
import type { ThroughEnvoyResult } from './through-envoy.ts';

export interface Results {
  /** Another number means another shape. */
  readonly format: 1;
  /** RFC 3339, when it began. */
  readonly measuredAt: string;
  /** Too few requests for the figures to mean anything. */
  readonly quick: boolean;
  readonly machine: Machine;
  /** Checks straight to the servers. */
  readonly checks: ChecksResult;
  /** Null when parts were missing and the run was a quick one. */
  readonly throughEnvoy: ThroughEnvoyResult | null;
}
