/** As whom a request goes upstream: with the configured extras, and with none that somebody else made up. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Identity } from '../../../src/identity/identity.ts';
import type { Impersonator, Limits } from '../../../src/impersonation/impersonator.ts';
import {
  createFindOutbound,
  type FindOutbound,
} from '../../../src/impersonation/outbound-identity.ts';
import type { OwnExtraSettings } from '../../../src/impersonation/own-extra.ts';
import type { KubeRequest } from '../../../src/request/request.ts';
import { denialOf } from '../../support/denials.ts';
import { kubeRequest } from '../../support/kube-request.ts';

const alice: Identity = {
  username: 'alice',
  uid: '',
  groups: ['dev'],
  extra: { 'acme.io/team': ['pay'] },
};
const plain = kubeRequest();
const asBob = kubeRequest({ impersonation: [{ name: 'impersonate-user', value: 'bob' }] });
const bob: Identity = { username: 'bob', uid: '', groups: [], extra: {} };

/** What only the proxy may say, in several spellings. */
const forged: readonly (readonly [header: string, key: string])[] = [
  ['original.example-user', 'original.example-user'],
  ['original.example-groups', 'original.example-groups'],
  ['original.example-uid', 'original.example-uid'],
  ['original.example-extra', 'original.example-extra'],
  ['original%2eexample-user', 'original.example-user'],
  ['%4friginal.example-user', 'Original.example-user'],
  ['remote-client-ip', 'remote-client-ip'],
  ['site', 'site'],
];

describe('an identity on its way up', () => {
  it('is the token’s, the same object, when nothing is asked and nothing configured', () => {
    assert.equal(find({})(alice, plain, soon()), alice);
  });

  it('carries the static extras, made once for each identity', () => {
    const outbound = find({ static: { site: ['a', 'b'] } });
    const first = outbound(alice, plain, soon());
    assert.deepEqual(first, { ...alice, extra: { 'acme.io/team': ['pay'], site: ['a', 'b'] } });
    assert.equal(outbound(alice, plain, soon()), first);
  });

  it('carries the address of the client that each request came from', () => {
    const outbound = find({ clientIP: true });
    for (const peer of ['192.0.2.7', '2001:db8::1']) {
      const identity = outbound(alice, from(peer), soon());
      assert.deepEqual(identity, {
        ...alice,
        extra: { 'acme.io/team': ['pay'], 'remote-client-ip': [peer] },
      });
    }
  });

  it('carries no address when Envoy knows none', () => {
    assert.deepEqual(find({ clientIP: true })(alice, from(''), soon()), alice);
  });

  it('is who it asks to be, with the configured extras, too', async () => {
    const identity = await find({ static: { site: ['a'] } })(alice, asBob, soon());
    assert.deepEqual(identity, { ...bob, extra: { site: ['a'] } });
  });

  for (const [header, key] of forged) {
    it(`may not ask for what only the proxy says: ${header}`, async () => {
      const lines = [
        { name: 'impersonate-user', value: 'bob' },
        { name: `impersonate-extra-${header}`, value: 'x' },
      ];
      const { reason, message } = await denialOf(async () =>
        find(everything)(alice, kubeRequest({ impersonation: lines }), soon()),
      );
      assert.equal(reason, 'reserved_name');
      assert.ok(message.includes(`the request brings the extra "${key}"`), message);
    });

    it(`may not come from a token with it: ${key}`, async () => {
      const requester = { ...alice, extra: { [key]: ['x'] } };
      const { reason, message } = await denialOf(async () =>
        find(everything)(requester, plain, soon()),
      );
      assert.equal(reason, 'reserved_name');
      assert.ok(message.includes(`the token brings the extra "${key}"`), message);
    });
  }

  it('may have those keys that are not the proxy’s as it is configured', async () => {
    const requester = { ...alice, extra: { 'remote-client-ip': ['x'], site: ['y'] } };
    assert.equal(find({})(requester, plain, soon()), requester);
  });
});

const everything = { clientIP: true, static: { site: ['a'] } };

function find(own: Partial<OwnExtraSettings>): FindOutbound {
  const impersonator: Impersonator = { impersonate: async (_, requested) => requested };
  return createFindOutbound({
    impersonator,
    rules: { constrained: true, maxHeaderValues: 64 },
    ownExtra: { originalUserExtra: 'original.example', clientIP: false, static: {}, ...own },
  });
}

function from(peer: string): KubeRequest {
  return { ...plain, source: { peer, forwardedFor: '203.0.113.9' } };
}

function soon(): Limits {
  return { deadline: Date.now() + 10_000, signal: new AbortController().signal };
}
