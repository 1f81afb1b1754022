/** Deciders that know the outside world by heart. */
import type { Deciders } from '../../src/decision/decide.ts';
import { Denial } from '../../src/denial/denial.ts';
import { createFindOutbound } from '../../src/impersonation/outbound-identity.ts';
import { accountIdentity } from '../../src/identity/service-account.ts';
import type { VerifiedToken } from '../../src/token/verifier.ts';
import { createEcKey, keySetOf } from './signed-token.ts';

export const identity = { username: 'alice', uid: '', groups: ['dev'], extra: {} };

export const verified: VerifiedToken = {
  issuer: 'people',
  identity,
  actAs: 'impersonate',
  expiry: 1,
  keys: keySetOf(createEcKey('k')),
};

const robot = { namespace: 'team', name: 'robot' };

/** Every token is alice's, we have our own, and nobody may be somebody else. */
export const willing: Deciders = {
  authenticate: () => verified,
  findOutbound: createFindOutbound({
    impersonator: { impersonate: () => Promise.reject(new Denial('impersonation_denied', 'no')) },
    rules: { constrained: true, maxHeaderValues: 64 },
    ownExtra: { originalUserExtra: 'originaluser.jetstack.io', clientIP: false, static: {} },
  }),
  upstreamToken: () => 'own-token',
  accountCredential: () => ({ token: 'account-token', outbound: accountIdentity(robot) }),
};
