/** Every way to break envoy/bootstrap.yaml that `doctor` knows, each with the rule that tells, and where. */
import { brokenDoors } from './broken-doors.ts';
import { brokenFilters } from './broken-filters.ts';
import { brokenChecks } from './broken-checks.ts';
import { brokenRequests } from './broken-requests.ts';
import { brokenClusters } from './broken-clusters.ts';
import { brokenProcess } from './broken-process.ts';
import type { Breakage } from './broken-bootstrap.ts';

export const breakages: readonly Breakage[] = [
  ...brokenDoors,
  ...brokenFilters,
  ...brokenChecks,
  ...brokenRequests,
  ...brokenClusters,
  ...brokenProcess,
].map(([rule, says, field, changes, severity = 'error', onlyFile]) => ({
  rule,
  says,
  field,
  changes,
  severity,
  ...(onlyFile !== undefined && { onlyFile }),
}));
