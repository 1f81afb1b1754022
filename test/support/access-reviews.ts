/** An access reviewer before a fake API server, and what both say. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { inspect } from 'node:util';
import type { Denial } from '../../src/denial/denial.ts';
import type { AccessAttributes, ResourceAttributes } from '../../src/kube/access-attributes.ts';
import type { AccessSubject } from '../../src/kube/access-question.ts';
import {
  createAccessReviewer,
  type AccessAnswer,
  type AccessReviewer,
  type AccessReviewerOptions,
} from '../../src/kube/access-review.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { ReviewReport } from '../../src/kube/review-report.ts';
import { deepFreeze } from '../../src/lib/deep-freeze.ts';
import { answerJson, answerText, type Answerer, type FakeApiServer } from './fake-api-server.ts';
import { startClient } from './kube-client-rig.ts';

export const carol: AccessSubject = deepFreeze({
  username: 'carol-username',
  uid: 'carol-uid',
  groups: ['carol-group', 'system:authenticated'],
  extra: { 'example.com/carol-key': ['carol-value'] },
});

/** What any message, cause or log may not hold. */
const traces = /carol-|reviewer-token/;

/** `impersonate` of a group, unless the fields say otherwise. */
export function about(fields: Partial<ResourceAttributes> = {}): AccessAttributes {
  const nothing = { group: '', version: '', subresource: '', namespace: '' };
  const selectors = { fieldSelector: '', labelSelector: '' };
  const what = { verb: 'impersonate', resource: 'groups', name: 'dev' };
  return { kind: 'resource', ...nothing, ...selectors, ...what, ...fields };
}

export interface AccessReviewRig {
  readonly api: FakeApiServer;
  readonly client: KubeClient;
  readonly reviewer: AccessReviewer;
  /** Of carol's, with time enough. */
  readonly review: (attributes?: AccessAttributes) => Promise<AccessAnswer>;
  readonly reports: ReviewReport[];
}

/** Remembers nothing and has time enough unless the test says otherwise; the server speaks HTTP/2 and says yes. */
export async function startAccessReviewer(
  t: TestContext,
  options: Partial<AccessReviewerOptions> = {},
): Promise<AccessReviewRig> {
  const { api, client } = await startClient(t);
  api.answerWith(verdict({ allowed: true }));
  const reports: ReviewReport[] = [];
  const limits = { allowCacheTtlMs: 0, denyCacheTtlMs: 0, timeoutMs: 60_000 };
  const onReview = (report: ReviewReport): void => void reports.push(report);
  const reviewer = createAccessReviewer({ client, onReview, ...limits, ...options });
  const { now = Date.now } = options;
  const review = (attributes = about()): Promise<AccessAnswer> =>
    reviewer.review(carol, attributes, { deadline: now() + 60_000 });
  return { api, client, reviewer, review, reports };
}

/** Everything that a log could print of it. */
export function assertUnavailable(denial: Denial, cause: RegExp): void {
  assert.equal(denial.reason, 'review_unavailable');
  const all = inspect(denial, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  assert.doesNotMatch(all, traces);
  assert.ok(denial.cause instanceof Error);
  assert.match(denial.cause.message, cause);
}

/** kube-apiserver's answer with this status. */
export function accessAnswer(status: unknown): object {
  return {
    kind: 'SubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: {},
    spec: {},
    status,
  };
}

export function verdict(status: unknown): Answerer {
  return json(201, accessAnswer(status));
}

export function json(code: number, body: unknown): Answerer {
  return (_, response) => answerJson(response, code, body);
}

export function text(code: number, body: string | Buffer): Answerer {
  return (_, response) => answerText(response, code, body);
}
