// Every rule about an Envoy, in the order of their numbers.
import { afterTheCheckRules } from './rules/after-the-check.ts';
import { apiClusterRules } from './rules/api-cluster.ts';
import { authzClusterRules } from './rules/authz-cluster.ts';
import type { EnvoyRule } from './rules/envoy-rule.ts';
import { filterChainRules } from './rules/filter-chain.ts';
import { incomingRules } from './rules/incoming-requests.ts';
import { streamRules } from './rules/long-streams.ts';
import { openDoorRules } from './rules/open-doors.ts';
import { overrideRules } from './rules/route-overrides.ts';
import { processRules } from './rules/the-process.ts';
import { wayRules } from './rules/ways-around.ts';
import { answeredRules } from './rules/what-is-answered.ts';
import { askedRules } from './rules/what-is-asked.ts';

export const envoyRules: readonly EnvoyRule[] = [
  ...openDoorRules,
  ...overrideRules,
  ...filterChainRules,
  ...askedRules,
  ...answeredRules,
  ...incomingRules,
  ...streamRules,
  ...afterTheCheckRules,
  ...wayRules,
  ...authzClusterRules,
  ...apiClusterRules,
  ...processRules,
].toSorted((one, other) => numberOf(one) - numberOf(other));

function numberOf({ id }: EnvoyRule): number {
  return Number(id.slice(1));
}
