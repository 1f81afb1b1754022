// Every metric there is. Labels come from closed sets: nothing a client sends ends up in one.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CheckRecord } from '../decision/decision.ts';
import type { OnReview } from '../kube/review-report.ts';

export interface Metrics {
  /** Counts one finished check. */
  countCheck(record: CheckRecord): void;
  readonly countKeyFetch: (issuer: string, outcome: 'success' | 'failure') => void;
  countAuditFailure(): void;
  readonly countReview: OnReview;
  readonly countReload: (outcome: 'success' | 'failure') => void;
  readonly contentType: string;
  /** The exposition in Prometheus' text format, with the gauges as they are now. */
  render(gauges: Gauges): Promise<string>;
}

export interface Gauges {
  /** Seconds since 1970 when our own token expires; undefined when there is none or it doesn't tell. */
  readonly upstreamTokenExpiry: number | undefined;
  /** For each issuer, when its keys were fetched, in milliseconds since 1970; undefined: never. */
  readonly issuerKeysFetchedAt: readonly (readonly [issuer: string, at: number | undefined])[];
  readonly checksInFlight: number;
  readonly ready: boolean;
}

const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics in a registry of their own, with those of the process and of Node. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const checks = new Counter({
    name: 'kube_ext_authz_checks_total',
    help: 'Checks answered, by decision, reason (empty when allowed), issuer (empty when unknown) and what the request acts as.',
    labelNames: ['decision', 'reason', 'issuer', 'act_as'],
    registers,
  });
  const duration = new Histogram({
    name: 'kube_ext_authz_check_duration_seconds',
    help: 'Time from the arrival of a check to its answer.',
    buckets,
    registers,
  });
  const keyFetches = new Counter({
    name: 'kube_ext_authz_issuer_key_fetches_total',
    help: 'Attempts to fetch the keys of an issuer.',
    labelNames: ['issuer', 'outcome'],
    registers,
  });
  const auditFailures = new Counter({
    name: 'kube_ext_authz_audit_failures_total',
    help: 'Writes to an audit sink that failed.',
    registers,
  });
  const reviews = new Counter({
    name: 'kube_ext_authz_reviews_total',
    help: 'Questions to the API server, by kind, outcome, and whether the answer was remembered.',
    labelNames: ['kind', 'outcome', 'cache'],
    registers,
  });
  const reloads = new Counter({
    name: 'kube_ext_authz_config_reloads_total',
    help: 'New versions of the configuration files, by whether they were taken into use.',
    labelNames: ['outcome'],
    registers,
  });
  const setGauges = createGauges(registers);
  return {
    countCheck: ({ decision, issuer, actAs, durationMs }) => {
      const reason = decision.kind === 'deny' ? decision.reason : '';
      checks.inc({ decision: decision.kind, reason, issuer, act_as: actAs });
      duration.observe(durationMs / 1000);
    },
    countKeyFetch: (issuer, outcome) => keyFetches.inc({ issuer, outcome }),
    countAuditFailure: () => auditFailures.inc(),
    countReview: ({ kind, outcome, cache }) => reviews.inc({ kind, outcome, cache }),
    countReload: (outcome) => reloads.inc({ outcome }),
    contentType: registry.contentType,
    render: (gauges) => {
      setGauges(gauges);
      return registry.metrics();
    },
  };
}

function createGauges(registers: Registry[]): (gauges: Gauges) => void {
  const tokenExpiry = new Gauge({
    name: 'kube_ext_authz_upstream_token_expiry_timestamp_seconds',
    help: 'When the token that goes upstream expires; 0 when there is none or it does not tell.',
    registers,
  });
  const keysFetched = new Gauge({
    name: 'kube_ext_authz_issuer_keys_fetched_timestamp_seconds',
    help: 'When the keys of an issuer were last fetched; 0 when they never were.',
    labelNames: ['issuer'],
    registers,
  });
  const inFlight = new Gauge({
    name: 'kube_ext_authz_checks_in_flight',
    help: 'Checks that have arrived and are not answered yet.',
    registers,
  });
  const isReady = new Gauge({
    name: 'kube_ext_authz_ready',
    help: '1 when /readyz says 200.',
    registers,
  });
  return ({ upstreamTokenExpiry, issuerKeysFetchedAt, checksInFlight, ready }) => {
    tokenExpiry.set(upstreamTokenExpiry ?? 0);
    for (const [issuer, at] of issuerKeysFetchedAt) keysFetched.set({ issuer }, (at ?? 0) / 1000);
    inFlight.set(checksInFlight);
    isReady.set(ready ? 1 : 0);
  };
}
