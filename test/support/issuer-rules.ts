/** The plainest issuer there is: `sub` is the user, `groups` are the groups. */
import { signingAlgorithms } from '../../src/config/config.ts';
import type { IssuerRules } from '../../src/token/verifier.ts';

export const plainRules: IssuerRules = {
  name: 'people',
  audiences: ['kubernetes'],
  signingAlgorithms,
  allowReservedNames: false,
  actAs: 'impersonate',
  username: { claim: 'sub', prefix: '' },
  groups: { claim: 'groups', prefix: '' },
  extra: [],
  requiredClaims: [],
  claimRules: [],
  userRules: [],
};
