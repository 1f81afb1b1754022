// What is counted of checks and of what they need. Labels come from closed sets: nothing a client
// sends ends up in one. docs/metrics.md tells of each metric.
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import type { CheckRecord } from '../decision/decision.ts';
import type { OnReview } from '../kube/review-report.ts';
import { createGauges, type Gauges } from './gauges.ts';

export interface Metrics {
  /** Counts one finished check. */
  countCheck(record: CheckRecord): void;
  readonly countTokenLookup: (result: 'hit' | 'miss') => void;
  readonly countKeyFetch: (issuer: string, outcome: Outcome) => void;
  readonly countAuditFailure: () => void;
  /** Counts an audit line that was lost. */
  readonly countAuditDrop: (format: string) => void;
  readonly countReview: OnReview;
  readonly countReload: (outcome: Outcome) => void;
  readonly contentType: string;
  /** The exposition in Prometheus' text format, with the gauges as they are now. */
  render(gauges: Gauges): Promise<string>;
}

type Outcome = 'success' | 'failure';

const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics in a registry of their own, with those of the process and of Node. `version` is ours. */
export function createMetrics({ version = '' }: { readonly version?: string } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const setGauges = createGauges(registers, version);
  return {
    ...countersOfChecks(registers),
    ...countersOfNeeds(registers),
    ...countersOfAudit(registers),
    contentType: registry.contentType,
    render: (gauges) => {
      setGauges(gauges);
      return registry.metrics();
    },
  };
}

function countersOfChecks(registers: Registry[]): Pick<Metrics, 'countCheck' | 'countTokenLookup'> {
  const checks = new Counter({
    name: 'kube_ext_authz_checks_total',
    help: 'Checks answered, by decision, reason (empty when allowed), issuer (empty when unknown) and what the request acts as (empty when denied).',
    labelNames: ['decision', 'reason', 'issuer', 'act_as'],
    registers,
  });
  const duration = new Histogram({
    name: 'kube_ext_authz_check_duration_seconds',
    help: 'Seconds from the arrival of a check to its answer.',
    buckets,
    registers,
  });
  const phases = new Histogram({
    name: 'kube_ext_authz_check_phase_seconds',
    help: 'Seconds that a part of a check took, of parts that had to wait: token (who sent it), impersonation (who they may be), credential (what goes upstream).',
    labelNames: ['phase'],
    buckets,
    registers,
  });
  const lookups = new Counter({
    name: 'kube_ext_authz_token_cache_requests_total',
    help: 'Tokens of configured issuers, by whether they were remembered as verified (hit) or had to be verified (miss).',
    labelNames: ['result'],
    registers,
    collect: flushLookups,
  });
  const unflushed = { hit: 0, miss: 0 };
  /** One number a check is all that the hot path has to write. */
  function flushLookups(): void {
    for (const result of ['hit', 'miss'] as const) {
      lookups.inc({ result }, unflushed[result]);
      unflushed[result] = 0;
    }
  }
  return {
    countCheck: ({ decision, issuer, actAs, durationMs, times }) => {
      const reason = decision.kind === 'deny' ? decision.reason : '';
      checks.inc({ decision: decision.kind, reason, issuer, act_as: actAs });
      duration.observe(durationMs / 1000);
      for (const [phase, ms] of Object.entries(times ?? {})) phases.observe({ phase }, ms / 1000);
    },
    countTokenLookup: (result) => (unflushed[result] += 1),
  };
}

function countersOfNeeds(
  registers: Registry[],
): Pick<Metrics, 'countKeyFetch' | 'countReview' | 'countReload'> {
  const keyFetches = new Counter({
    name: 'kube_ext_authz_issuer_key_fetches_total',
    help: 'Attempts to get the keys of an issuer, fetched or read from files, by outcome.',
    labelNames: ['issuer', 'outcome'],
    registers,
  });
  const reviews = new Counter({
    name: 'kube_ext_authz_reviews_total',
    help: 'Questions to the API server, by kind, outcome (error: no answer that counts), and whether the answer was remembered (hit).',
    labelNames: ['kind', 'outcome', 'cache'],
    registers,
  });
  const reloads = new Counter({
    name: 'kube_ext_authz_config_reloads_total',
    help: 'New versions of the configuration files, by whether they were taken into use.',
    labelNames: ['outcome'],
    registers,
  });
  // A rate can only be told of what was zero before.
  for (const kind of ['TokenReview', 'SubjectAccessReview']) {
    for (const outcome of ['allowed', 'denied', 'error']) {
      reviews.inc({ kind, outcome, cache: 'miss' }, 0);
    }
  }
  for (const outcome of ['success', 'failure']) reloads.inc({ outcome }, 0);
  return {
    countKeyFetch: (issuer, outcome) => {
      keyFetches.inc({ issuer, outcome });
      keyFetches.inc({ issuer, outcome: outcome === 'success' ? 'failure' : 'success' }, 0);
    },
    countReview: ({ kind, outcome, cache }) => reviews.inc({ kind, outcome, cache }),
    countReload: (outcome) => reloads.inc({ outcome }),
  };
}

const auditFormats = ['json', 'kube-oidc-proxy', 'audit.k8s.io'];

function countersOfAudit(
  registers: Registry[],
): Pick<Metrics, 'countAuditFailure' | 'countAuditDrop'> {
  const failures = new Counter({
    name: 'kube_ext_authz_audit_failures_total',
    help: 'Writes to an audit sink that failed.',
    registers,
  });
  const drops = new Counter({
    name: 'kube_ext_authz_audit_dropped_total',
    help: 'Audit lines that were lost, by format: the queue of a sink was full, or had not been written when the server stopped.',
    labelNames: ['format'],
    registers,
  });
  for (const format of auditFormats) drops.inc({ format }, 0);
  return {
    countAuditFailure: () => failures.inc(),
    countAuditDrop: (format) => drops.inc({ format }),
  };
}
