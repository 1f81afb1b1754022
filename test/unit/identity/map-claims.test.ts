/** Who a claim set is, by kube-apiserver's rules, and what no claim set may be. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileExpression } from '../../../src/cel/expression.ts';
import type { Claims } from '../../../src/identity/claims.ts';
import { mapClaims, type ClaimMappings } from '../../../src/identity/map-claims.ts';
import type { Identity } from '../../../src/identity/identity.ts';
import { denialOf } from '../../support/denials.ts';

const plain: ClaimMappings = {
  username: { claim: 'sub', prefix: '' },
  extra: [],
  requiredClaims: [],
  claimRules: [],
  userRules: [],
};
const withGroups: ClaimMappings = { ...plain, groups: { claim: 'groups', prefix: '' } };
const withUid: ClaimMappings = { ...plain, uid: { claim: 'oid' } };
const byEmail: ClaimMappings = { ...plain, username: { claim: 'email', prefix: '' } };
const withTeam: ClaimMappings = {
  ...plain,
  extra: [{ key: 'acme.io/team', expression: compileExpression('claims.team', 'claims') }],
};
const requiring: ClaimMappings = {
  ...plain,
  requiredClaims: [{ claim: 'hd', requiredValue: 'example.com' }],
};

const notTexts: readonly unknown[] = [7, 0, true, false, [], ['alice'], {}, { a: 'alice' }];
const blanks: readonly unknown[] = ['', ' ', '\t\n', '\u00a0', '\u2003\u2003', null];

type Row = readonly [what: string, mappings: ClaimMappings, claims: Claims, message: string];

const refused: readonly Row[] = [
  ['no user', plain, { name: 'alice' }, 'the token lacks the claim "sub"'],
  ['no email address', byEmail, { sub: 'alice' }, 'the token lacks the claim "email"'],
  ...notTexts.map((sub): Row => [
    `${JSON.stringify(sub)} for a user`,
    plain,
    { sub },
    'the token\'s claim "sub" must be a string',
  ]),
  ...blanks.map((sub): Row => [
    `${JSON.stringify(sub)} for a user`,
    plain,
    { sub },
    'the token\'s claim "sub" is blank',
  ]),
  ...[7, true, {}, { a: 'dev' }, [7], ['dev', 7], [['dev']], [{}], ['dev', true]].map(
    (groups): Row => [
      `${JSON.stringify(groups)} for groups`,
      withGroups,
      { sub: 'alice', groups },
      'the token\'s claim "groups" must be a string or a list of strings',
    ],
  ),
  ['no uid', withUid, { sub: 'alice' }, 'the token lacks the claim "oid"'],
  ...notTexts.map((oid): Row => [
    `${JSON.stringify(oid)} for a uid`,
    withUid,
    { sub: 'alice', oid },
    'the token\'s claim "oid" must be a string',
  ]),
  ...[false, null, 'true', 'True', 1, 0, '', [true], {}].map((email_verified): Row => [
    `an email address whose verification is ${JSON.stringify(email_verified)}`,
    byEmail,
    { email: 'alice@example.com', email_verified },
    'the token does not say that its email address was verified',
  ]),
  [
    'no team',
    withTeam,
    { sub: 'alice' },
    `the issuer's expression for the extra "acme.io/team" failed on this token`,
  ],
  ...[7, true, {}, [7], ['blue', null], [['blue']]].map((team): Row => [
    `${JSON.stringify(team)} for a team`,
    withTeam,
    { sub: 'alice', team },
    `the issuer's expression for the extra "acme.io/team" did not give a string or a list of strings`,
  ]),
  ['no required claim', requiring, { sub: 'alice' }, 'the token lacks the claim "hd"'],
  ...['other.example', 'EXAMPLE.COM', 'example.com ', '', null].map((hd): Row => [
    `${JSON.stringify(hd)} for a required value`,
    requiring,
    { sub: 'alice', hd },
    'the token\'s claim "hd" lacks the required value',
  ]),
  ...[['example.com'], 7, true].map((hd): Row => [
    `${JSON.stringify(hd)} for a required value`,
    requiring,
    { sub: 'alice', hd },
    'the token\'s claim "hd" must be a string',
  ]),
];

const names: readonly (readonly [
  what: string,
  mappings: ClaimMappings,
  claims: Claims,
  username: string,
])[] = [
  ['the claim as it is', plain, { sub: 'alice' }, 'alice'],
  ['the claim with its white space', plain, { sub: ' alice ' }, ' alice '],
  [
    'the prefix and the claim',
    { ...plain, username: { claim: 'sub', prefix: 'oidc:' } },
    { sub: 'a' },
    'oidc:a',
  ],
  ['an email address whose verification is not told', byEmail, { email: 'a@b.c' }, 'a@b.c'],
  ['a verified email address', byEmail, { email: 'a@b.c', email_verified: true }, 'a@b.c'],
  ['an email address with two @, unchanged', byEmail, { email: 'a@b.c@d.e' }, 'a@b.c@d.e'],
  ['another claim whatever email_verified says', plain, { sub: 'a', email_verified: false }, 'a'],
];

const groups: readonly (readonly [what: string, value: unknown, as: readonly string[]])[] = [
  ['a text', 'dev', ['dev']],
  ['a list', ['dev', 'ops'], ['dev', 'ops']],
  ['the same twice', ['dev', 'dev'], ['dev', 'dev']],
  ['an order of its own', ['b', 'a', 'c'], ['b', 'a', 'c']],
  ['names with commas', ['cn=a,ou=b', 'c'], ['cn=a,ou=b', 'c']],
  ['an empty name, for others to refuse', ['', 'dev'], ['', 'dev']],
  ['an empty text, for others to refuse', '', ['']],
  ['null among others, an empty name in Go', ['dev', null], ['dev', '']],
  ['null alone in a list', [null], ['']],
  ['an empty list', [], []],
  ['null', null, []],
  ['nothing', undefined, []],
];

describe('the user of a claim set', () => {
  for (const [what, mappings, claims, username] of names) {
    it(`is ${what}`, () => assert.equal(mapClaims(claims, mappings).username, username));
  }
});

describe('the groups of a claim set', () => {
  for (const [what, value, as] of groups) {
    it(`are read from ${what}`, () => {
      const claims = value === undefined ? { sub: 'a' } : { sub: 'a', groups: value };
      assert.deepEqual(mapClaims(claims, withGroups).groups, as);
    });
  }

  it('each have the prefix, the empty one too', () => {
    const mappings = { ...plain, groups: { claim: 'groups', prefix: 'oidc:' } };
    const read = mapClaims({ sub: 'a', groups: ['dev', ''] }, mappings);
    assert.deepEqual(read.groups, ['oidc:dev', 'oidc:']);
  });

  it('are none when no claim is mapped', () => {
    assert.deepEqual(mapClaims({ sub: 'a', groups: ['system:masters'] }, plain).groups, []);
  });
});

describe('a claim set', () => {
  for (const [what, mappings, claims, message] of refused) {
    it(`is refused with ${what}`, async () => {
      const denial = await denialOf(() => mapClaims(claims, mappings));
      assert.deepEqual([denial.reason, denial.message], ['token_claim', message]);
    });
  }

  it('has a uid when one is mapped; null is none', () => {
    assert.equal(mapClaims({ sub: 'a', oid: 'u-1' }, withUid).uid, 'u-1');
    assert.equal(mapClaims({ sub: 'a', oid: null }, withUid).uid, '');
    assert.equal(mapClaims({ sub: 'a', oid: 'u-1' }, plain).uid, '');
  });

  it('is taken with every required value', () => {
    assert.equal(mapClaims({ sub: 'a', hd: 'example.com' }, requiring).username, 'a');
  });
});

describe('the extras of a claim set', () => {
  const credential = 'authentication.kubernetes.io/credential-id';
  const rows: readonly (readonly [what: string, claims: Claims, extra: Identity['extra']])[] = [
    ['a text', { team: 'blue' }, { 'acme.io/team': ['blue'] }],
    ['a list, in order', { team: ['b', 'a', 'b'] }, { 'acme.io/team': ['b', 'a', 'b'] }],
    ['a list without its empty texts', { team: ['', 'a', ''] }, { 'acme.io/team': ['a'] }],
    ['nothing for null', { team: null }, {}],
    ['nothing for an empty text', { team: '' }, {}],
    ['nothing for an empty list', { team: [] }, {}],
    ['nothing for a list of empty texts', { team: ['', ''] }, {}],
    ['the id of the token', { team: '', jti: 'x' }, { [credential]: ['JTI=x'] }],
    ['both', { team: 'a', jti: 'x' }, { 'acme.io/team': ['a'], [credential]: ['JTI=x'] }],
    ['no id that is empty', { team: '', jti: '' }, {}],
    ['no id that is null', { team: '', jti: null }, {}],
    ['no id that is a number', { team: '', jti: 7 }, {}],
    ['no id that is a list', { team: '', jti: ['x'] }, {}],
  ];
  for (const [what, claims, extra] of rows) {
    it(`hold ${what}`, () => {
      assert.deepEqual(mapClaims({ sub: 'a', ...claims }, withTeam).extra, extra);
    });
  }

  it('follow a path into objects, and into nothing else', async () => {
    const deep = {
      ...plain,
      extra: [{ key: 'acme.io/x', expression: compileExpression('claims.a.b.length', 'claims') }],
    };
    const found = mapClaims({ sub: 'a', a: { b: { length: 'long' } } }, deep);
    assert.deepEqual(found.extra, { 'acme.io/x': ['long'] });
    for (const b of ['text', ['list'], null, 7, {}]) {
      const { message } = await denialOf(() => mapClaims({ sub: 'a', a: { b } }, deep));
      assert.equal(
        message,
        `the issuer's expression for the extra "acme.io/x" failed on this token`,
      );
    }
  });
});

/** `__` is an escape in CEL. */
function expressionOf(name: string): ReturnType<typeof compileExpression> {
  return compileExpression(name.includes('__') ? 'claims.missing' : `claims.${name}`, 'claims');
}

describe('a claim with a name that every JavaScript object knows', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']) {
    it(`is missing when the token has no ${name}`, async () => {
      for (const mappings of [
        { ...plain, username: { claim: name, prefix: '' } },
        { ...plain, uid: { claim: name } },
        {
          ...plain,
          extra: [{ key: 'acme.io/x', expression: expressionOf(name) }],
        },
        {
          ...plain,
          extra: [{ key: 'acme.io/x', expression: expressionOf(`o.${name}`) }],
        },
        { ...plain, requiredClaims: [{ claim: name, requiredValue: '' }] },
      ]) {
        const { reason, message } = await denialOf(() => mapClaims({ sub: 'a', o: {} }, mappings));
        assert.equal(reason, 'token_claim');
        assert.match(message, /^the token lacks the claim |failed on this token$/);
      }
      const none = { ...plain, groups: { claim: name, prefix: '' } };
      assert.deepEqual(mapClaims({ sub: 'a' }, none).groups, []);
    });

    it(`is read when the token has ${name}`, () => {
      const claims: Claims = JSON.parse(`{"${name}":"alice"}`);
      const mappings = { ...plain, username: { claim: name, prefix: '' } };
      assert.equal(mapClaims(claims, mappings).username, 'alice');
    });
  }

  it('does not lend its fields to the others', async () => {
    const claims: Claims = JSON.parse('{"__proto__":{"sub":"admin","groups":["system:masters"]}}');
    const { message } = await denialOf(() => mapClaims(claims, withGroups));
    assert.equal(message, 'the token lacks the claim "sub"');
  });
});
