/** What is counted is given out under the names and labels that are promised. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckRecord } from '../../../src/decision/decision.ts';
import type { ReviewReport } from '../../../src/kube/review-report.ts';
import type { Gauges } from '../../../src/metrics/gauges.ts';
import { createMetrics, type Metrics } from '../../../src/metrics/metrics.ts';
import { unreadableRequest } from '../../../src/transport/check-request.ts';

const idle: Gauges = {
  upstreamTokenExpiry: undefined,
  issuerKeys: [],
  rememberedTokens: 0,
  auditQueues: [],
  reload: { isSuccessful: true, lastSuccessAt: 0 },
  checksInFlight: 0,
  ready: true,
  parts: [],
};

const denied: CheckRecord = {
  request: unreadableRequest(),
  decision: { kind: 'deny', auditID: 'a', reason: 'token_expired', message: 'no' },
  issuer: 'people',
  actAs: '',
  startedAt: new Date(0),
  durationMs: 3,
};

/** The lines of one metric, without its name. */
async function linesOf(
  metrics: Metrics,
  name: string,
  gauges: Partial<Gauges> = {},
): Promise<readonly string[]> {
  const text = await metrics.render({ ...idle, ...gauges });
  const full = `kube_ext_authz_${name}`;
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${full}{`) || line.startsWith(`${full} `))
    .map((line) => line.slice(full.length));
}

describe('the metric of questions to the API server', () => {
  it('counts each kind, outcome and cache apart', async () => {
    const metrics = createMetrics();
    const reports: readonly ReviewReport[] = [
      { kind: 'TokenReview', outcome: 'allowed', cache: 'miss' },
      { kind: 'TokenReview', outcome: 'allowed', cache: 'hit' },
      { kind: 'TokenReview', outcome: 'allowed', cache: 'hit' },
      { kind: 'TokenReview', outcome: 'denied', cache: 'miss' },
      { kind: 'SubjectAccessReview', outcome: 'error', cache: 'miss' },
    ];
    for (const report of reports) metrics.countReview(report);
    assert.deepEqual((await linesOf(metrics, 'reviews_total')).toSorted(), [
      '{kind="SubjectAccessReview",outcome="allowed",cache="miss"} 0',
      '{kind="SubjectAccessReview",outcome="denied",cache="miss"} 0',
      '{kind="SubjectAccessReview",outcome="error",cache="miss"} 1',
      '{kind="TokenReview",outcome="allowed",cache="hit"} 2',
      '{kind="TokenReview",outcome="allowed",cache="miss"} 1',
      '{kind="TokenReview",outcome="denied",cache="miss"} 1',
      '{kind="TokenReview",outcome="error",cache="miss"} 0',
    ]);
  });

  it('counts nothing for one server that another was told', async () => {
    createMetrics().countReview({ kind: 'TokenReview', outcome: 'allowed', cache: 'miss' });
    const lines = await linesOf(createMetrics(), 'reviews_total');
    assert.equal(lines.length, 6);
    for (const line of lines) assert.match(line, / 0$/);
  });
});

describe('the metrics of checks', () => {
  it('count the decision, and the time of those parts alone that had to wait', async () => {
    const metrics = createMetrics();
    metrics.countCheck(denied);
    metrics.countCheck({ ...denied, times: {} });
    metrics.countCheck({ ...denied, times: { token: 2, credential: 40 } });
    assert.deepEqual(await linesOf(metrics, 'checks_total'), [
      '{decision="deny",reason="token_expired",issuer="people",act_as=""} 3',
    ]);
    assert.deepEqual(await linesOf(metrics, 'check_phase_seconds_count'), [
      '{phase="token"} 1',
      '{phase="credential"} 1',
    ]);
    assert.deepEqual(await linesOf(metrics, 'check_phase_seconds_sum'), [
      '{phase="token"} 0.002',
      '{phase="credential"} 0.04',
    ]);
  });

  it('count hits and misses of remembered tokens, once each, however often they are read', async () => {
    const metrics = createMetrics();
    assert.deepEqual(await linesOf(metrics, 'token_cache_requests_total'), [
      '{result="hit"} 0',
      '{result="miss"} 0',
    ]);
    metrics.countTokenLookup('miss');
    metrics.countTokenLookup('hit');
    metrics.countTokenLookup('hit');
    await linesOf(metrics, 'token_cache_requests_total');
    metrics.countTokenLookup('hit');
    assert.deepEqual(await linesOf(metrics, 'token_cache_requests_total'), [
      '{result="hit"} 3',
      '{result="miss"} 1',
    ]);
  });
});

describe('what counts faults', () => {
  it('begins at zero, so that the first one shows as a rate', async () => {
    const metrics = createMetrics();
    assert.deepEqual(await linesOf(metrics, 'config_reloads_total'), [
      '{outcome="success"} 0',
      '{outcome="failure"} 0',
    ]);
    assert.deepEqual(await linesOf(metrics, 'audit_failures_total'), [' 0']);
    assert.deepEqual(await linesOf(metrics, 'audit_dropped_total'), [
      '{format="json"} 0',
      '{format="kube-oidc-proxy"} 0',
      '{format="audit.k8s.io"} 0',
    ]);
    metrics.countKeyFetch('people', 'success');
    assert.deepEqual(await linesOf(metrics, 'issuer_key_fetches_total'), [
      '{issuer="people",outcome="success"} 1',
      '{issuer="people",outcome="failure"} 0',
    ]);
  });
});

describe('the gauges', () => {
  it('tell what runs', async () => {
    assert.deepEqual(await linesOf(createMetrics({ version: '1.2.3' }), 'build_info'), [
      `{version="1.2.3",node="${process.version}"} 1`,
    ]);
  });

  it('forget an issuer, a part and an audit sink that are there no more', async () => {
    const metrics = createMetrics();
    const people = { issuer: 'people', fetchedAt: 5_000, isUsable: true, isFaulty: false };
    const robots = { issuer: 'robots', fetchedAt: undefined, isUsable: false, isFaulty: true };
    const parts = [{ name: 'grpc', isOk: true }];
    const auditQueues = [
      { format: 'json', bytes: 7 },
      { format: 'json', bytes: 5 },
    ];
    const gauges = { issuerKeys: [people, robots], parts, auditQueues };
    const both: readonly (readonly [name: string, lines: readonly string[]])[] = [
      ['issuer_keys_fetched_timestamp_seconds', ['{issuer="people"} 5', '{issuer="robots"} 0']],
      ['issuer_keys_usable', ['{issuer="people"} 1', '{issuer="robots"} 0']],
      ['issuer_keys_faulty', ['{issuer="people"} 0', '{issuer="robots"} 1']],
      ['readiness_part_ok', ['{part="grpc"} 1']],
      ['audit_queue_bytes', ['{format="json"} 12']],
    ];
    for (const [name, lines] of both) {
      assert.deepEqual(await linesOf(metrics, name, gauges), lines);
      assert.deepEqual(await linesOf(metrics, name, gauges), lines);
    }
    for (const [name, [first = '']] of both) {
      const left = name.startsWith('issuer') ? [first] : [];
      assert.deepEqual(await linesOf(metrics, name, { issuerKeys: [people] }), left);
    }
  });

  it('tell of our own token and of the configuration in seconds, and of truths by 1 and 0', async () => {
    const metrics = createMetrics();
    const reload = { isSuccessful: false, lastSuccessAt: 1_500 };
    const now = { upstreamTokenExpiry: 99, reload, checksInFlight: 2, ready: false };
    for (const [name, value] of [
      ['upstream_token_expiry_timestamp_seconds', 99],
      ['config_last_reload_successful', 0],
      ['config_last_reload_success_timestamp_seconds', 1.5],
      ['checks_in_flight', 2],
      ['ready', 0],
    ] as const) {
      assert.deepEqual(await linesOf(metrics, name, now), [` ${value}`]);
    }
    assert.deepEqual(await linesOf(metrics, 'upstream_token_expiry_timestamp_seconds'), [' 0']);
  });
});
