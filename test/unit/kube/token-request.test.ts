/** What is asked of the API server for a token of a service account, and what becomes of a question without an answer. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeClient } from '../../../src/kube/client.ts';
import { requestToken, type TokenAccount } from '../../../src/kube/token-request.ts';
import { denialOf } from '../../support/denials.ts';
import { epochMs, robot, secret, tokenAnswer } from '../../support/minted-accounts.ts';

const bodies: readonly (readonly [what: string, fields: Partial<TokenAccount>, spec: object])[] = [
  ['an audience', {}, { audiences: robot.audiences, expirationSeconds: 600 }],
  ["the API server's own audience", { audiences: [] }, { audiences: [], expirationSeconds: 600 }],
  [
    'a day',
    { expirationSeconds: 86_400 },
    { audiences: robot.audiences, expirationSeconds: 86_400 },
  ],
  [
    'our Pod',
    { boundPod: { name: 'p-1', uid: 'u-1' } },
    {
      audiences: robot.audiences,
      expirationSeconds: 600,
      boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p-1', uid: 'u-1' },
    },
  ],
];

const noNames: readonly Partial<TokenAccount>[] = [
  { namespace: '..' },
  { namespace: '' },
  { namespace: 'a/b' },
  { namespace: 'a%2fb' },
  { namespace: 'a.b' },
  { namespace: 'A' },
  { name: '..' },
  { name: '.' },
  { name: '' },
  { name: 'a/../b' },
  { name: 'a?b' },
  { name: 'a#' },
  { name: 'robot\n' },
  { name: 'x'.repeat(254) },
];

describe('the request for a token', () => {
  for (const [what, fields, spec] of bodies) {
    it(`is for ${what}`, async () => {
      const asked: unknown[] = [];
      const client = clientThat(async (path, body) => {
        asked.push(path, body);
        return { status: 201, content: tokenAnswer() };
      });
      const minted = await requestToken(client, { ...robot, ...fields }, never, () => epochMs);
      assert.deepEqual(minted, { token: secret, expiresAt: epochMs + 600_000 });
      const [kind, apiVersion] = ['TokenRequest', 'authentication.k8s.io/v1'];
      assert.deepEqual(asked, [
        '/api/v1/namespaces/robots/serviceaccounts/robot/token',
        { kind, apiVersion, spec },
      ]);
    });
  }

  for (const fields of noNames) {
    it(`is not made for ${JSON.stringify(fields).slice(0, 30)}`, async () => {
      const client = clientThat(() => assert.fail('it was asked'));
      const denial = await denialOf(() => requestToken(client, { ...robot, ...fields }, never));
      assert.equal(denial.reason, 'credential_unavailable');
      assert.match(denial.message, /: that is no name of a service account$/);
    });
  }

  it('counts the life of a token from when it was asked for, not from when it came', async () => {
    let now = epochMs;
    const client = clientThat(async () => {
      now += 9_000;
      return { status: 201, content: tokenAnswer() };
    });
    const { expiresAt } = await requestToken(client, robot, never, () => now);
    assert.equal(expiresAt, epochMs + 600_000);
  });

  it('says that the API server is away', async () => {
    const client = clientThat(() => Promise.reject(new Error('connect ECONNREFUSED')));
    const { reason, message, cause } = await denialOf(() => requestToken(client, robot, never));
    assert.equal(reason, 'credential_unavailable');
    assert.match(message, /robots\/robot: the API server can't be asked at the moment/);
    assert.match(String(cause), /TokenRequest: connect ECONNREFUSED/);
  });

  it('says that the answer came too late', async () => {
    const client = clientThat((_, __, signal) => {
      signal.throwIfAborted();
      return assert.fail('it was asked');
    });
    const denial = await denialOf(async () => requestToken(client, robot, AbortSignal.abort()));
    assert.equal(denial.reason, 'credential_unavailable');
    assert.match(denial.message, /robots\/robot: the API server did not answer in time/);
  });
});

const never = new AbortController().signal;

function clientThat(post: KubeClient['post']): KubeClient {
  return { post: async (...asked) => post(...asked), get: noGet, stop: () => undefined };
}

function noGet(): never {
  return assert.fail('something was read');
}
