/** The Pod that we run in, as the downward API tells it, and whose tokens may be bound to it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TokenAccount } from '../../../src/kube/token-account.ts';
import { bindToOwnPod, boundPodOf } from '../../../src/credentials/bound-pod.ts';

const env = {
  POD_NAMESPACE: 'proxies',
  POD_NAME: 'proxy-1',
  POD_UID: 'u-1',
  POD_SERVICE_ACCOUNT: 'proxy',
};
const pod = { namespace: 'proxies', name: 'proxy-1', uid: 'u-1', serviceAccount: 'proxy' };
const own: TokenAccount = {
  namespace: 'proxies',
  name: 'proxy',
  audiences: [],
  expirationSeconds: 600,
};

describe('our Pod', () => {
  it('is known by the four names of the downward API', () => {
    assert.deepEqual(boundPodOf({ ...env, HOME: '/' }), pod);
  });

  for (const name of Object.keys(env)) {
    it(`is not known without ${name}`, () => {
      assert.equal(boundPodOf({ ...env, [name]: undefined }), undefined);
      assert.equal(boundPodOf({ ...env, [name]: '' }), undefined);
    });
  }

  it('has our own tokens bound to it', () => {
    assert.deepEqual(bindToOwnPod(own, pod), { ...own, boundPod: { name: 'proxy-1', uid: 'u-1' } });
  });

  for (const [what, account] of [
    ['a namesake in another namespace', { ...own, namespace: 'others' }],
    ['another account', { ...own, name: 'other' }],
    ['an account that is named as the Pod', { ...own, name: 'proxy-1' }],
  ] as const) {
    it(`has no token of ${what} bound to it`, () => {
      assert.deepEqual(bindToOwnPod(account, pod), account);
    });
  }

  it('is nothing to bind to when there is none', () => {
    assert.deepEqual(bindToOwnPod(own, undefined), own);
  });
});
