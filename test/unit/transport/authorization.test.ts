/** The Check method: it always answers, never with a gRPC error, and tells of every check what it answered. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckContext, Verdict } from '../../../src/decision/decide.ts';
import type { Allow, CheckRecord } from '../../../src/decision/decision.ts';
import { Denial } from '../../../src/denial/denial.ts';
import type { VerifiedToken } from '../../../src/token/verifier.ts';
import { createAuthorization } from '../../../src/transport/authorization.ts';
import type { CheckResponse } from '../../../src/transport/proto.ts';
import { authorizationOver, call, checkRequest } from '../../support/check-call.ts';
import { identity } from '../../support/deciders.ts';
import { throughBytes } from '../../support/reply-round-trip.ts';

const question = checkRequest([['authorization', 'Bearer token']]);
const secret = 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0';

const allowed: Allow = {
  kind: 'allow',
  auditID: 'audit-1',
  issuer: 'people',
  actAs: 'impersonate',
  outbound: identity,
  token: 'own-token',
  isUpgrade: false,
  remove: [],
};

/** What a verifier that has a fault might answer (a peer took an empty answer for a good one). */
const nothings: readonly string[] = [
  'null',
  '{}',
  'true',
  '"alice"',
  '[]',
  '{"issuer":"people"}',
  '{"identity":null}',
  '{"identity":{}}',
  '{"identity":{"username":""}}',
  '{"identity":{"username":"alice"}}',
  '{"identity":{"username":"alice","uid":"","groups":[null],"extra":{}}}',
  '{"identity":{"username":"alice","uid":"","groups":[],"extra":null}}',
];

describe('a check', () => {
  it('of a good token is allowed, and told of as allowed', async () => {
    const { response, record } = await checkOnce();
    assert.equal(response.status.code, 0);
    const { startedAt, durationMs, request, ...rest } = record;
    assert.ok(startedAt instanceof Date);
    assert.ok(durationMs >= 0);
    assert.equal(request.path, '/api/v1/pods');
    const auditID = headersOf(response)['audit-id'];
    assert.match(auditID ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.deepEqual(rest, {
      decision: { ...allowed, auditID, subprotocols: undefined },
      cause: undefined,
      issuer: 'people',
      actAs: 'impersonate',
      inbound: identity,
      times: {},
    });
  });

  it('that is refused is told of with the same words', async () => {
    const { response, record } = await checkOnce({
      authenticate: () => {
        throw new Denial('token_expired', 'a sentence', { cause: new Error(secret) });
      },
    });
    assertDenied(response, 'token_expired');
    assert.deepEqual(record.decision, {
      kind: 'deny',
      auditID: headersOf(response)['audit-id'],
      reason: 'token_expired',
      message: 'a sentence',
    });
    assert.deepEqual([record.issuer, record.actAs, record.inbound], ['', '', undefined]);
  });

  it('has an audit ID of its own', async () => {
    const authorization = authorizationOver();
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => call(authorization, question)),
    );
    assert.equal(new Set(responses.map((response) => headersOf(response)['audit-id'])).size, 20);
  });

  for (const [what, message] of [
    ['an empty message', {}],
    ['a message without HTTP', { attributes: { request: {} } }],
    ['bytes that are no message', { undecodable: new Error(secret) }],
  ] as const) {
    it(`of ${what} is denied`, async () => {
      const records: CheckRecord[] = [];
      const response = await call(
        authorizationOver({}, (record) => void records.push(record)),
        message,
      );
      assertDenied(response, 'check_malformed');
      assert.equal(records.length, 1);
      assert.equal(records[0]?.request.method, '');
      assert.doesNotMatch(JSON.stringify(throughBytes(response)), /eyJ/);
    });
  }

  for (const nothing of nothings) {
    it(`whose verification answers ${nothing} is denied, and told of as denied`, async () => {
      const { response, record } = await checkOnce({ authenticate: () => JSON.parse(nothing) });
      assertDenied(response, 'internal_error');
      assert.equal(record.decision.kind, 'deny');
      assert.equal(record.actAs, '');
    });
  }

  for (const [what, value] of [
    ['an error', new Error(secret)],
    ['a text', secret],
    ['nothing', undefined],
  ] as const) {
    it(`is denied when the decision fails with ${what}, against its promise`, async () => {
      for (const decide of [
        () => Promise.reject(value),
        () => {
          throw value;
        },
      ]) {
        const records: CheckRecord[] = [];
        const onCheck = (record: CheckRecord): void => void records.push(record);
        const response = await call(createAuthorization({ decide, onCheck }), question);
        assertDenied(response, 'internal_error');
        assert.equal(records[0]?.cause, value);
        assert.doesNotMatch(JSON.stringify(throughBytes(response)), /eyJ/);
      }
    });

    it(`is denied when it can't be told of because of ${what}`, async () => {
      const authorization = authorizationOver({}, () => {
        throw value;
      });
      const response = await call(authorization, question);
      assertDenied(response, 'internal_error');
      assert.doesNotMatch(JSON.stringify(throughBytes(response)), /eyJ/);
    });
  }

  it('that would not be safe to allow is denied, and told of as denied', async () => {
    const decision = { ...allowed, outbound: { ...identity, username: ' ' } };
    const records: CheckRecord[] = [];
    const authorization = createAuthorization({
      decide: async (): Promise<Verdict> => ({ decision, issuer: 'people', inbound: identity }),
      onCheck: (record) => void records.push(record),
    });
    assertDenied(await call(authorization, question), 'internal_error');
    assert.equal(records.length, 1);
    assert.equal(records[0]?.decision.kind, 'deny');
    assert.equal(records[0]?.actAs, '');
  });

  it('is in flight until it is answered', async () => {
    const waiting = Promise.withResolvers<VerifiedToken>();
    const authorization = authorizationOver({ authenticate: () => waiting.promise });
    const both = [call(authorization, question), call(authorization, question)];
    assert.equal(authorization.inFlight(), 2);
    waiting.reject(new Denial('token_expired', 'a sentence'));
    await Promise.all(both);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(authorization.inFlight(), 0);
  });
});

describe('the deadline of a check', () => {
  const now = 1_800_000_000_000;
  const rows: readonly (readonly [what: string, theirs: Date | number, ours: number])[] = [
    ['is a quarter of a second before Envoy gives up', now + 1_000, now + 750],
    ['is read from a date too', new Date(now + 1_000), now + 750],
    ['is ten seconds when Envoy waits longer', now + 600_000, now + 10_000],
    ['is ten seconds when Envoy names none', Infinity, now + 10_000],
    ['has passed when Envoy waits less than that quarter', now + 100, now - 150],
  ];
  for (const [what, theirs, ours] of rows) {
    it(what, async (t) => {
      t.mock.timers.enable({ apis: ['Date'], now });
      const contexts: CheckContext[] = [];
      const authorization = createAuthorization({
        decide: async (_request, context) => {
          contexts.push(context);
          return { decision: { ...allowed, auditID: context.auditID } };
        },
        onCheck: () => undefined,
      });
      await call(authorization, question, theirs);
      assert.deepEqual(
        contexts.map(({ deadline }) => deadline),
        [ours],
      );
    });
  }

  it('ends a check whose issuer never answers: a denial, not silence', async (t) => {
    t.mock.timers.enable({ apis: ['Date', 'setTimeout'], now });
    const authorization = authorizationOver({ authenticate: () => new Promise(() => undefined) });
    const waiting = call(authorization, question, now + 1_000);
    t.mock.timers.tick(750);
    assertDenied(await waiting, 'deadline_exceeded');
  });
});

interface Once {
  readonly response: CheckResponse;
  readonly record: CheckRecord;
}

async function checkOnce(deciders: Parameters<typeof authorizationOver>[0] = {}): Promise<Once> {
  const records: CheckRecord[] = [];
  const response = await call(
    authorizationOver(deciders, (one) => void records.push(one)),
    question,
  );
  const [record, ...more] = records;
  assert.ok(record && more.length === 0, 'it was not told of once');
  return { response, record };
}

function headersOf({
  ok_response,
  denied_response,
}: CheckResponse): Readonly<Record<string, string>> {
  const list = (ok_response ?? denied_response)?.headers ?? [];
  return Object.fromEntries(list.map(({ header }) => [header.key, header.value]));
}

function assertDenied(response: CheckResponse, reason: string): void {
  const { status, ok_response, dynamic_metadata } = throughBytes(response);
  assert.notEqual(status.code, 0);
  assert.ok(!ok_response && !dynamic_metadata);
  assert.equal(headersOf(response)['x-kube-ext-authz-reason'], reason);
}
