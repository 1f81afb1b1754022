/** What Envoy is told for a request that acts as a service account: our token, and nothing of anybody's identity. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { accountIdentity } from '../../../src/identity/service-account.ts';
import { toCheckResponse } from '../../../src/transport/check-response.ts';
import type { Allow } from '../../../src/decision/decision.ts';
import type { CheckResponse } from '../../../src/transport/proto.ts';
import {
  authorizationOver,
  call,
  checkRequest,
  type HeaderLines,
} from '../../support/check-call.ts';
import { verified } from '../../support/deciders.ts';
import { plainMetadata, throughBytes } from '../../support/reply-round-trip.ts';

const acting = { authenticate: () => ({ ...verified, actAs: 'serviceAccount' }) as const };
const bearer = ['authorization', 'Bearer x'] as const;

/** Sent by a client and removed: in any case, and as servers read them that take `_` for `-`. */
const identityNames: readonly string[] = [
  ['X-Remote-User', 'X-REMOTE-GROUP', 'x-remote-uid', 'X-Remote-Extra-Scopes', 'x-remote-'],
  ['x_remote_user', 'X-Remote_Group', 'X_Remote-Extra_A'],
  ['Impersonate_User', 'IMPERSONATE_GROUP', 'impersonate_extra_a'],
].flat();

describe('the reply for a request that acts as a service account', () => {
  for (const form of ['raw', 'joined'] as const) {
    it(`sets no identity and removes every one that came, ${form}`, async () => {
      const lines: HeaderLines = [bearer, ...identityNames.map((name) => [name, 'admin'] as const)];
      const reply = await answer(lines, form);
      assert.deepEqual(setBy(reply), [
        ['authorization', 'Bearer account-token'],
        ['audit-id', reply.ok_response?.headers[1]?.header.value],
      ]);
      const expected = identityNames.map((name) => name.toLowerCase()).toSorted();
      assert.deepEqual(reply.ok_response?.headers_to_remove.toSorted(), expected);
      assertNobody(reply);
    });
  }

  for (const name of ['Impersonate-User', 'IMPERSONATE-GROUP', 'impersonate-extra-%41', 'X-A']) {
    for (const form of ['raw', 'joined'] as const) {
      it(`${name === 'X-A' ? 'allows' : 'denies'} ${name}, ${form}`, async () => {
        const reply = await answer([bearer, [name, 'admin']], form);
        assert.equal(reply.ok_response !== undefined && reply.ok_response !== null, name === 'X-A');
        const status = reply.denied_response?.status.code;
        assert.equal(status, name === 'X-A' ? undefined : 403);
      });
    }
  }

  it('is the same with an upgrade, which names no other header', async () => {
    const reply = await answer(
      [bearer, ['upgrade', 'websocket'], ['connection', 'Upgrade']],
      'raw',
    );
    assert.deepEqual(
      setBy(reply).map(([name]) => name),
      ['authorization', 'audit-id', 'connection'],
    );
    assertNobody(reply);
  });

  for (const outbound of [
    { ...accountIdentity({ namespace: 'red', name: 'deployer' }), uid: 'u', extra: { a: ['b'] } },
    { username: '', uid: '', groups: [], extra: {} },
  ]) {
    it(`has no line of an identity even if it is ${JSON.stringify(outbound)}`, () => {
      const allow: Allow = {
        kind: 'allow',
        auditID: 'audit-1',
        issuer: 'pipelines',
        actAs: 'serviceAccount',
        outbound,
        token: 'account-token',
        isUpgrade: false,
        remove: ['impersonate-user', 'IMPERSONATE-USER', 'Impersonate-Group'],
      };
      const reply = throughBytes(toCheckResponse(allow, '/'));
      assert.deepEqual(reply.ok_response?.headers_to_remove, allow.remove);
      assertNobody(reply);
      const { username, issuer, auditID } = { ...outbound, ...allow };
      const decision = { username, issuer, actAs: 'serviceAccount', auditID };
      assert.deepEqual(plainMetadata(reply)['decision'], decision);
    });
  }
});

async function answer(lines: HeaderLines, form: 'raw' | 'joined'): Promise<CheckResponse> {
  return throughBytes(await call(authorizationOver(acting), checkRequest(lines, form)));
}

function setBy({ ok_response }: CheckResponse): readonly (readonly [string, string])[] {
  return (ok_response?.headers ?? []).map(({ header }) => [header.key, header.value] as const);
}

function assertNobody(reply: CheckResponse): void {
  const names = setBy(reply).map(([name]) => name);
  assert.ok(!names.some((name) => /impersonate|x[-_]remote/i.test(name)));
  assert.deepEqual(plainMetadata(reply)['headers'], {});
}
