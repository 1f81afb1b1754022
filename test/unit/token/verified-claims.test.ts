/** What a good signature does not make good: times, audiences, names that are Kubernetes' own or that no header carries. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileExpression } from '../../../src/cel/expression.ts';
import { parseCompactToken } from '../../../src/token/compact-token.ts';
import { verifyToken, type IssuerRules, type VerifiedToken } from '../../../src/token/verifier.ts';
import type { DenyReason } from '../../../src/denial/reasons.ts';
import { assertFrozen } from '../../support/assert-frozen.ts';
import { denialOf } from '../../support/denials.ts';
import { createEcKey, fixedKeys, signToken } from '../../support/signed-token.ts';

const now = 1_800_000_000;
const key = createEcKey('k');
const claims = { aud: 'kubernetes', exp: now + 60, sub: 'alice' };

const rules: IssuerRules = {
  name: 'people',
  audiences: ['kubernetes'],
  signingAlgorithms: ['ES256'],
  allowReservedNames: false,
  actAs: 'impersonate',
  username: { claim: 'sub', prefix: '' },
  groups: { claim: 'groups', prefix: '' },
  uid: { claim: 'uid' },
  extra: [{ key: 'acme.io/team', expression: compileExpression('claims.team', 'claims') }],
  claimRules: [],
  userRules: [],
  requiredClaims: [{ claim: 'hd', requiredValue: 'example.com' }],
};

const whole = { ...claims, uid: '', team: 'blue', hd: 'example.com' };

const refused: readonly (readonly [what: string, claims: object, reason: DenyReason])[] = [
  ['that has expired', { exp: now - 1 }, 'token_expired'],
  ['for another audience', { aud: 'other' }, 'token_audience'],
  ['that begins later', { nbf: now + 61 }, 'token_not_yet_valid'],
  ['without the required value', { hd: 'other.example' }, 'token_claim'],
  ['with a user of Kubernetes', { sub: 'system:admin' }, 'reserved_name'],
  ['with a service account', { sub: 'system:serviceaccount:kube-system:x' }, 'reserved_name'],
  ['with the anonymous user', { sub: 'system:anonymous' }, 'reserved_name'],
  ['with nothing but the prefix of Kubernetes', { sub: 'system:' }, 'reserved_name'],
  ['with the group of masters', { groups: ['dev', 'system:masters'] }, 'reserved_name'],
  ['with the group of masters as a text', { groups: 'system:masters' }, 'reserved_name'],
  ['with the group of everybody', { groups: ['system:authenticated'] }, 'reserved_name'],
  ['with masters after a space', { groups: [' system:masters'] }, 'name_not_carriable'],
  ['with masters after a tab', { groups: ['\tsystem:masters'] }, 'name_not_carriable'],
  ['with masters before a NUL', { groups: ['system:masters\0'] }, 'reserved_name'],
  ['with masters after a NUL', { groups: ['\0system:masters'] }, 'name_not_carriable'],
  ['with a user in two lines', { sub: 'alice\r\nImpersonate-User: x' }, 'name_not_carriable'],
  ['with a blank group', { groups: [' '] }, 'name_not_carriable'],
  ['with a blank user', { sub: '   ' }, 'token_claim'],
];

describe('a signed token', () => {
  for (const [what, changes, reason] of refused) {
    it(`${what} is refused`, async () => {
      assert.equal((await denialOf(() => verify({ ...whole, ...changes }))).reason, reason);
    });
  }

  it('proves who somebody is, until when, and by which keys', async () => {
    const keys = fixedKeys(key);
    const token = parseCompactToken(
      signToken(key, { ...whole, uid: 'u', groups: ['dev'], jti: '1' }),
    );
    assert.deepEqual(await verifyToken(token, rules, keys, now), {
      issuer: 'people',
      identity: {
        username: 'alice',
        uid: 'u',
        groups: ['dev', 'system:authenticated'],
        extra: {
          'acme.io/team': ['blue'],
          'authentication.kubernetes.io/credential-id': ['JTI=1'],
        },
      },
      actAs: 'impersonate',
      expiry: now + 60,
      keys: keys.current(),
    });
  });

  it('proves somebody who can not be changed afterwards: what is sent for them is remembered', async () => {
    const { identity } = await verify({ ...whole, groups: ['dev'] });
    assertFrozen(identity);
  });

  it('is refused when a claim is there twice', async () => {
    const twice = JSON.stringify(whole).replace('{', '{"sub":"system:admin",');
    assert.equal((await denialOf(() => verify(twice))).reason, 'token_malformed');
  });

  it('is not read by claims in another case', async () => {
    // Go would read them as those in lower case.
    for (const other of [{ Sub: 'admin' }, { aud: undefined, AUD: 'kubernetes' }]) {
      const { reason } = await denialOf(() => verify({ ...whole, ...other }));
      assert.equal(reason, 'token_claim');
    }
  });

  for (const { sub, groups } of [
    { sub: 'system:serviceaccount:ns:robot', groups: ['system:serviceaccounts'] },
    { sub: 'system:admin', groups: ['system:masters', 'system:authenticated'] },
  ]) {
    it(`of an issuer that may give out reserved names is ${sub}`, async () => {
      const cluster = { ...rules, allowReservedNames: true };
      const { identity } = await verify({ ...whole, sub, groups }, cluster);
      assert.equal(identity.username, sub);
      assert.ok(groups.every((group) => identity.groups.includes(group)));
    });
  }

  it('is held against reserved names with its prefixes on', async () => {
    const split = { claim: 'sub', prefix: 'sys' };
    const { reason } = await denialOf(() =>
      verify({ ...whole, sub: 'tem:admin' }, { ...rules, username: split }),
    );
    assert.equal(reason, 'reserved_name');
    const prefixed = { ...rules, username: { claim: 'sub', prefix: 'oidc:' } };
    const { identity } = await verify({ ...whole, sub: 'system:admin' }, prefixed);
    assert.equal(identity.username, 'oidc:system:admin');
  });

  it('is refused for names no header carries, also of an issuer that may give out reserved ones', async () => {
    const cluster = { ...rules, allowReservedNames: true };
    const { reason } = await denialOf(() => verify({ ...whole, groups: ['a '] }, cluster));
    assert.equal(reason, 'name_not_carriable');
  });

  it('is never nobody, also of an issuer that may give out reserved names', async () => {
    const cluster = { ...rules, allowReservedNames: true };
    const { reason } = await denialOf(() => verify({ ...whole, sub: 'system:anonymous' }, cluster));
    assert.equal(reason, 'reserved_name');
  });

  it('has no word of its claims in a refusal', async () => {
    for (const [, changes] of refused) {
      const { message } = await denialOf(() => verify({ ...whole, ...changes }));
      assert.doesNotMatch(message, /alice|masters|kube-system|other\.example|blue|dev/);
    }
  });
});

function verify(content: object | string, issuer: IssuerRules = rules): Promise<VerifiedToken> {
  return verifyToken(parseCompactToken(signToken(key, content)), issuer, fixedKeys(key), now);
}
