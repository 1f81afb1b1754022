/** A reviewer before a fake API server, and what both say. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { inspect } from 'node:util';
import type { Denial } from '../../src/denial/denial.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { createClusterAccess } from '../../src/kube/cluster-access.ts';
import {
  createTokenReviewer,
  type ReviewedUser,
  type TokenReviewerOptions,
} from '../../src/kube/token-review.ts';
import {
  answerJson,
  answerText,
  reviewAnswer,
  startFakeApiServer,
  type Answerer,
  type FakeApiServer,
} from './fake-api-server.ts';

/** The user's. */
export const token = 'users-bearer-token.that-is-a-secret.signature';

/** What any message, cause or log may not hold. */
const traces = /users-bearer|that-is-a-secret|reviewer-token/;

export interface ReviewerRig {
  readonly api: FakeApiServer;
  readonly reviewer: ReturnType<typeof createTokenReviewer>;
  /** With time enough. */
  readonly review: (audiences?: readonly string[]) => Promise<ReviewedUser>;
}

/** Remembers nothing unless the test says otherwise. */
export async function startReviewer(
  t: TestContext,
  options: Partial<TokenReviewerOptions> = {},
): Promise<ReviewerRig> {
  const api = await startFakeApiServer();
  t.after(() => api.stop());
  const limits = { cacheTtlMs: 0, timeoutMs: 30_000, ...options };
  const client = createKubeClient(createClusterAccess(api.kubeconfig));
  t.after(client.stop);
  const reviewer = createTokenReviewer({ client, ...limits });
  const review = (audiences: readonly string[] = []): Promise<ReviewedUser> =>
    reviewer.review(token, audiences, Date.now() + 30_000);
  return { api, reviewer, review };
}

/** Everything that a log could print of it. */
export function assertTold(denial: Denial, cause: RegExp): void {
  const all = inspect(denial, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  assert.doesNotMatch(all, traces);
  assert.ok(denial.cause instanceof Error);
  assert.match(denial.cause.message, cause);
}

export function status(fields: Readonly<Record<string, unknown>>): Answerer {
  return json(201, reviewAnswer(fields));
}

export function user(fields: Readonly<Record<string, unknown>>): Answerer {
  return status({ user: { username: 'alice', ...fields } });
}

export function json(code: number, body: unknown): Answerer {
  return (_, response) => answerJson(response, code, body);
}

export function text(code: number, body: string | Buffer): Answerer {
  return (_, response) => answerText(response, code, body);
}
