/** Deciders that know the outside world by heart. */
import type { Deciders } from '../../src/decision/decide.ts';
import type { VerifiedToken } from '../../src/token/verifier.ts';
import { createEcKey, keySetOf } from './signed-token.ts';

export const identity = { username: 'alice', uid: '', groups: ['dev'], extra: {} };

export const verified: VerifiedToken = {
  issuer: 'people',
  identity,
  expiry: 1,
  keys: keySetOf(createEcKey('k')),
};

/** Every token is alice's, and we have our own. */
export const willing: Deciders = { authenticate: () => verified, upstreamToken: () => 'own-token' };
