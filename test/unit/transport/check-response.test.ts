/** The replies: an empty one would allow, so a denial is whole and an allowance is one on purpose. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Allow, Deny } from '../../../src/decision/decision.ts';
import { denyReasons, type DenyReason } from '../../../src/denial/reasons.ts';
import { toCheckResponse } from '../../../src/transport/check-response.ts';
import type { CheckResponse } from '../../../src/transport/proto.ts';
import { finisherLines, plainMetadata, throughBytes } from '../../support/reply-round-trip.ts';

const allow: Allow = {
  kind: 'allow',
  auditID: 'audit-1',
  issuer: 'people',
  actAs: 'impersonate',
  outbound: {
    username: 'alice',
    uid: '',
    groups: ['a,b', 'größe'],
    extra: { 'acme.io/t': ['x', 'y'] },
  },
  token: 'own-token',
  isUpgrade: true,
  subprotocols: 'v5',
  remove: ['x-remote-user', 'impersonate_user'],
};

const reasons = Object.keys(denyReasons).filter(isReason);

describe('the reply that allows', () => {
  it('is OK with what to set and what to take out, through the bytes of protobuf', () => {
    const { status, ok_response, denied_response } = throughBytes(toCheckResponse(allow, '/'));
    assert.equal(status.code, 0);
    assert.ok(!denied_response);
    assert.deepEqual(pairs(ok_response?.headers), [
      ['authorization', 'Bearer own-token'],
      ['audit-id', 'audit-1'],
      ['impersonate-user', 'alice'],
      ['connection', 'Upgrade'],
      ['sec-websocket-protocol', 'v5'],
    ]);
    assert.deepEqual(ok_response?.headers_to_remove, ['x-remote-user', 'impersonate_user']);
  });

  it('gives the finisher every line apart, commas and all', () => {
    const reply = throughBytes(toCheckResponse(allow, '/'));
    assert.deepEqual(finisherLines(reply), [
      ['impersonate-user', 'alice'],
      ['impersonate-group', 'a,b'],
      ['impersonate-group', 'größe'],
      ['impersonate-extra-acme.io%2ft', 'x'],
      ['impersonate-extra-acme.io%2ft', 'y'],
    ]);
    const decision = {
      username: 'alice',
      issuer: 'people',
      actAs: 'impersonate',
      auditID: 'audit-1',
    };
    assert.deepEqual(plainMetadata(reply)['decision'], decision);
  });

  it("is the same for the same person, and nobody else's for another", () => {
    const lines = (outbound: Allow['outbound']): unknown =>
      finisherLines(throughBytes(toCheckResponse({ ...allow, outbound }, '/')));
    const first = lines(allow.outbound);
    const bob = { ...allow.outbound, username: 'bob', groups: ['a,b'] };
    assert.notDeepEqual(lines(bob), first);
    assert.deepEqual(lines(allow.outbound), first);
    assert.deepEqual(lines({ ...allow.outbound }), first);
  });

  it('gives a kind to every value, also to an empty one', () => {
    const reply = throughBytes(toCheckResponse({ ...allow, issuer: '' }, '/'));
    assert.deepEqual(plainMetadata(reply)['decision'], {
      username: 'alice',
      issuer: '',
      actAs: 'impersonate',
      auditID: 'audit-1',
    });
  });

  it('has empty lists when we act as ourselves', () => {
    const reply = throughBytes(toCheckResponse({ ...allow, actAs: 'serviceAccount' }, '/'));
    assert.deepEqual(plainMetadata(reply)['headers'], {});
    const names = pairs(reply.ok_response?.headers).map(([name]) => name);
    assert.ok(!names.includes('impersonate-user'));
  });

  it('is not made when it would not be safe', () => {
    const outbound = { ...allow.outbound, username: '' };
    assert.throws(() => toCheckResponse({ ...allow, outbound }, '/'));
  });

  it('is not made of a group without text, which would abort Envoy', () => {
    const groups: string[] = JSON.parse('["dev",null]');
    assert.throws(() =>
      toCheckResponse({ ...allow, outbound: { ...allow.outbound, groups } }, '/'),
    );
  });
});

describe('the reply that denies', () => {
  for (const reason of reasons) {
    it(`for ${reason} is no OK, in any field`, () => {
      const reply = throughBytes(toCheckResponse(deny(reason), '/api/v1/pods'));
      assert.ok([7, 14, 16].includes(reply.status.code), `code ${reply.status.code}`);
      assert.ok(!reply.ok_response);
      assert.ok(!reply.dynamic_metadata);
      assert.equal(reply.denied_response?.status.code, denyReasons[reason]);
      assert.ok(reply.denied_response.body.includes('a sentence'));
      assert.equal(Object.fromEntries(pairs(reply.denied_response.headers))['audit-id'], 'audit-1');
    });
  }

  it('never sets a header of the request', () => {
    for (const reason of reasons) {
      const { denied_response } = toCheckResponse(deny(reason), '/api');
      const names = pairs(denied_response?.headers).map(([name]) => name);
      assert.ok(!names.some((name) => /^(authorization|impersonate|connection)/.test(name)));
    }
  });
});

describe('every reply', () => {
  it('says that its headers replace, because silence has meant "append"', () => {
    for (const decision of [allow, ...reasons.map(deny)]) {
      const { ok_response, denied_response } = throughBytes(toCheckResponse(decision, '/api'));
      const headers = (ok_response ?? denied_response)?.headers ?? [];
      assert.ok(headers.length > 0);
      for (const { append } of headers) assert.deepEqual({ ...append }, { value: false });
    }
  });

  it('uses no field that Envoy ignores', () => {
    const { ok_response } = toCheckResponse(allow, '/');
    for (const option of ok_response?.headers ?? []) {
      assert.deepEqual(Object.keys(option), ['header', 'append']);
      assert.deepEqual(Object.keys(option.header), ['key', 'value']);
    }
  });
});

type Headers = NonNullable<CheckResponse['ok_response']>['headers'];

function pairs(headers: Headers = []): readonly (readonly [string, string])[] {
  return headers.map(({ header }) => [header.key, header.value]);
}

function deny(reason: DenyReason): Deny {
  return { kind: 'deny', auditID: 'audit-1', reason, message: 'a sentence' };
}

function isReason(word: string): word is DenyReason {
  return Object.hasOwn(denyReasons, word);
}
