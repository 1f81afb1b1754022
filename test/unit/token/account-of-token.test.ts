/** Which service account a token acts as: the one of its issuer, or one that it gives and that is allowed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileExpression } from '../../../src/cel/expression.ts';
import { accountOfToken, type AccountRule } from '../../../src/token/account-of-token.ts';
import { verifyToken, type IssuerRules } from '../../../src/token/verifier.ts';
import { parseCompactToken } from '../../../src/token/compact-token.ts';
import { denialOf } from '../../support/denials.ts';
import { createEcKey, fixedKeys, signToken } from '../../support/signed-token.ts';

const red = { namespace: 'red', name: 'deployer' };
const blue = { namespace: 'blue', name: 'deployer.v2' };
const terms = { audiences: ['x'], expirationSeconds: 900 };

function byExpression(text: string): AccountRule {
  return { ...terms, expression: compileExpression(text, 'claims'), allowed: [red, blue] };
}
const byTeam = byExpression('claims.account');

const refused: readonly (readonly [what: string, value: unknown, reason: string])[] = [
  ['another account', 'green/deployer', 'account_not_allowed'],
  ['another name', 'red/admin', 'account_not_allowed'],
  ['nothing', '', 'account_not_allowed'],
  ['a name alone', 'deployer', 'account_not_allowed'],
  ['a namespace alone', 'red/', 'account_not_allowed'],
  ['another case', 'Red/deployer', 'account_not_allowed'],
  ['a space before it', ' red/deployer', 'account_not_allowed'],
  ['a line break behind it', 'red/deployer\n', 'account_not_allowed'],
  ['a NUL behind it', 'red/deployer\0', 'account_not_allowed'],
  ['more behind it', 'red/deployer/x', 'account_not_allowed'],
  ['a way around', 'green/../red/deployer', 'account_not_allowed'],
  ['the user name of it', 'system:serviceaccount:red:deployer', 'account_not_allowed'],
  ['another letter that looks like one', 'rеd/deployer', 'account_not_allowed'],
  ['two of them', ['red/deployer', 'blue/deployer.v2'], 'token_claim'],
  ['one in a list', ['red/deployer'], 'token_claim'],
  ['a map', { namespace: 'red', name: 'deployer' }, 'token_claim'],
  ['null', null, 'token_claim'],
  ['a number', 7, 'token_claim'],
  ['no such claim', undefined, 'token_claim'],
];

describe('the account of a token', () => {
  it('is the one of its issuer, whatever the token says', () => {
    const rule = { ...terms, account: red };
    for (const claims of [{}, { account: 'blue/deployer.v2' }, { sub: 'system:admin' }]) {
      assert.equal(accountOfToken(claims, rule), rule);
    }
  });

  for (const account of [red, blue]) {
    it(`is ${account.namespace}/${account.name} when the token gives that and it is allowed`, () => {
      const claims = { account: `${account.namespace}/${account.name}` };
      assert.deepEqual(accountOfToken(claims, byTeam), { ...terms, account });
    });
  }

  for (const [what, account, reason] of refused) {
    it(`is none when the token gives ${what}`, async () => {
      const claims = JSON.parse(JSON.stringify({ account }));
      const denial = await denialOf(() => accountOfToken(claims, byTeam));
      assert.equal(denial.reason, reason);
      assert.doesNotMatch(denial.message, /deployer|green|red\b/, 'a claim is not for a message');
    });
  }

  it('is none when the expression fails, and the fault is for the log', async () => {
    const denial = await denialOf(() => accountOfToken({}, byTeam));
    assert.equal(
      denial.message,
      "the issuer's expression for the service account failed on this token",
    );
    assert.ok(denial.cause instanceof Error);
  });

  it('is none when the expression gives an account for everybody that is not allowed', async () => {
    const rule = byExpression('"kube-system/admin"');
    assert.equal((await denialOf(() => accountOfToken({}, rule))).reason, 'account_not_allowed');
  });
});

describe('a verified token of an issuer that acts as a service account', () => {
  const now = 1_800_000_000;
  const key = createEcKey('k');
  const rules: IssuerRules = {
    name: 'pipelines',
    audiences: ['kubernetes'],
    signingAlgorithms: ['ES256'],
    allowReservedNames: false,
    actAs: 'serviceAccount',
    serviceAccount: byTeam,
    username: { claim: 'sub', prefix: '' },
    extra: [],
    claimRules: [],
    userRules: [],
    requiredClaims: [],
  };
  const claims = { aud: 'kubernetes', exp: now + 60, sub: 'project:7/x', account: 'red/deployer' };
  function verify(changes: object, more: Partial<IssuerRules> = {}) {
    const token = parseCompactToken(signToken(key, { ...claims, ...changes }));
    return verifyToken(token, { ...rules, ...more }, fixedKeys(key), now);
  }

  it('has the account, and the user who it was', async () => {
    const { actAs, account, identity } = await verify({});
    assert.deepEqual([actAs, account], ['serviceAccount', { ...terms, account: red }]);
    assert.equal(identity.username, 'project:7/x');
    assert.deepEqual(identity.groups, ['system:authenticated']);
  });

  it('has none where the issuer names none', async () => {
    const { actAs, account } = await verify({}, { serviceAccount: undefined });
    assert.deepEqual([actAs, account], ['serviceAccount', undefined]);
  });

  it('is refused for its signature, its time and its name before its account', async () => {
    const account = 'green/x';
    for (const [changes, reason] of [
      [{ exp: now - 60 }, 'token_expired'],
      [{ aud: 'other' }, 'token_audience'],
      [{ sub: 'system:admin' }, 'reserved_name'],
    ] as const) {
      assert.equal((await denialOf(() => verify({ account, ...changes }))).reason, reason);
    }
  });

  it('proves who it is also when its account is not allowed', async () => {
    const { account, accountRefusal, identity } = await verify({ account: 'green/x' });
    assert.equal(account, undefined);
    assert.equal(accountRefusal?.reason, 'account_not_allowed');
    assert.equal(identity.username, 'project:7/x');
  });
});
