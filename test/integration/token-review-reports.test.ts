/** What is told of each TokenReview, for the metrics: how it ended, and whether anybody had to be asked. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ReviewReport } from '../../src/kube/review-report.ts';
import type { Answerer } from '../support/fake-api-server.ts';
import {
  json,
  startReviewer,
  status,
  text,
  token,
  type ReviewerRig,
} from '../support/token-reviews.ts';

interface Reported extends ReviewerRig {
  readonly reports: readonly string[];
  /** Asks, and takes a refusal for an answer. */
  readonly ask: (token: string, deadline?: number) => Promise<void>;
}

async function start(t: TestContext, timeoutMs = 30_000): Promise<Reported> {
  const reports: string[] = [];
  const onReview = ({ kind, outcome, cache }: ReviewReport): void =>
    void reports.push(`${kind} ${outcome} ${cache}`);
  const rig = await startReviewer(t, { cacheTtlMs: 60_000, timeoutMs, onReview });
  const ask = async (asked: string, deadline = Date.now() + 30_000): Promise<void> => {
    await rig.reviewer.review(asked, [], deadline).catch(() => undefined);
  };
  return { ...rig, reports, ask };
}

const errors: readonly (readonly [what: string, answer: Answerer])[] = [
  ['fails', json(500, {})],
  ['says that we may not ask', json(403, { kind: 'Status' })],
  ['says that it does not know us', json(401, { kind: 'Status' })],
  ['redirects', text(302, '')],
  ['says what nobody understands', text(201, '<html></html>')],
  ['names no user', status({ user: undefined })],
  ['hangs up', (_, response) => response.destroy()],
];

describe('the report of a TokenReview', () => {
  it('tells a yes that was asked for from one that was remembered', async (t) => {
    const { ask, reports } = await start(t);
    for (let one = 0; one < 3; one += 1) await ask(token);
    await ask('another');
    assert.deepEqual(reports, [
      'TokenReview allowed miss',
      'TokenReview allowed hit',
      'TokenReview allowed hit',
      'TokenReview allowed miss',
    ]);
  });

  it('tells a no each time, for none is remembered', async (t) => {
    const { api, ask, reports } = await start(t);
    api.answerWith(status({ authenticated: false, user: undefined }));
    for (let one = 0; one < 2; one += 1) await ask(token);
    assert.deepEqual(reports, ['TokenReview denied miss', 'TokenReview denied miss']);
    assert.equal(api.received.length, 2);
  });

  for (const [what, answer] of errors) {
    it(`tells of an error when the API server ${what}`, async (t) => {
      const { api, ask, reports } = await start(t);
      api.answerWith(answer);
      await ask(token);
      assert.deepEqual(reports, ['TokenReview error miss']);
    });
  }

  it('tells of an error when the answer does not come in time', async (t) => {
    const { api, ask, reports } = await start(t, 50);
    api.answerWith(() => undefined);
    await ask(token);
    assert.deepEqual(reports, ['TokenReview error miss']);
  });

  it('tells of each that asks, though many share one question', async (t) => {
    const { api, ask, reports } = await start(t);
    await Promise.all(Array.from({ length: 10 }, () => ask(token)));
    assert.deepEqual(
      reports,
      Array.from({ length: 10 }, () => 'TokenReview allowed miss'),
    );
    assert.equal(api.received.length, 1);
  });

  it('tells nothing where nobody was to be asked', async (t) => {
    const { ask, reports } = await start(t);
    await ask('');
    await ask(token, Date.now() - 1);
    assert.deepEqual(reports, []);
  });
});
