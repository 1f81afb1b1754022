/** What is counted is given out under the names and labels that are promised. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReviewReport } from '../../../src/kube/review-report.ts';
import { createMetrics, type Metrics } from '../../../src/metrics/metrics.ts';

const idle = {
  upstreamTokenExpiry: undefined,
  issuerKeysFetchedAt: [],
  checksInFlight: 0,
  ready: true,
};

async function seriesOf(metrics: Metrics, name: string): Promise<readonly string[]> {
  const text = await metrics.render(idle);
  return text.split('\n').filter((line) => line.startsWith(`${name}{`));
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
    const name = 'kube_ext_authz_reviews_total';
    assert.deepEqual(await seriesOf(metrics, name), [
      `${name}{kind="TokenReview",outcome="allowed",cache="miss"} 1`,
      `${name}{kind="TokenReview",outcome="allowed",cache="hit"} 2`,
      `${name}{kind="TokenReview",outcome="denied",cache="miss"} 1`,
      `${name}{kind="SubjectAccessReview",outcome="error",cache="miss"} 1`,
    ]);
  });

  it('counts nothing for one server that another was told', async () => {
    createMetrics().countReview({ kind: 'TokenReview', outcome: 'allowed', cache: 'hit' });
    assert.deepEqual(await seriesOf(createMetrics(), 'kube_ext_authz_reviews_total'), []);
  });
});
