/** Entries and tokens from a seed: most of a token is honest, so that a good part of them is taken. */
import { audience, readsExpressions, type EntryRules } from './oracle-entries.ts';
import { defects } from './oracle-defects.ts';
import { signedBy, withRawClaims, type Draft, type Member } from './oracle-drafts.ts';
import {
  claimConditions,
  extraExpressions,
  groupsExpressions,
  uidExpressions,
  userConditions,
  usernameExpressions,
} from './oracle-expressions.ts';
import type { OracleKeys } from './oracle-issuers.ts';
import { randomName, type Random } from './random.ts';

const textClaims = ['sub', 'preferred_username', 'email', 'name', 'uid', 'hd', 'team'] as const;
const listClaims = ['groups', 'roles', 'tags', 'team'] as const;
const otherClaims = ['aud', 'jti', 'level', 'nested', 'any', 'https://example.com/user'] as const;
const selections = [
  'claims.team',
  'claims.groups',
  'claims.nested.list',
  'claims.any',
  'claims.aud',
] as const;

/** The rules of an entry that kube-apiserver takes. */
export function randomEntry(random: Random): EntryRules {
  const sometimes = (oneIn: number): boolean => random.below(oneIn) === 0;
  const byExpression = (): boolean => readsExpressions && sometimes(2);
  const prefixed = (claims: readonly [string, ...string[]]): object => ({
    claim: random.pick(sometimes(8) ? [...otherClaims] : claims),
    prefix: random.pick(['', '', 'p:', 'a/', 'ü']),
  });
  const username = byExpression()
    ? { expression: random.pick(usernameExpressions) }
    : prefixed([...textClaims]);
  const groups = byExpression()
    ? { expression: random.pick(groupsExpressions) }
    : prefixed([...listClaims]);
  const uid = byExpression()
    ? { expression: random.pick(uidExpressions) }
    : { claim: random.pick([...textClaims]) };
  const extra = Array.from({ length: random.below(3) }, (_, index) => ({
    key: `example.com/x${index}`,
    valueExpression: random.pick(byExpression() ? extraExpressions : [...selections]),
  }));
  const several = { audiences: ['other', audience], audienceMatchPolicy: 'MatchAny' };
  return {
    ...(sometimes(3) && { issuer: several }),
    claimMappings: {
      username,
      ...(sometimes(4) ? {} : { groups }),
      ...(sometimes(2) && { uid }),
      extra,
    },
    claimValidationRules: withVerifiedEmail(username, randomRules(random)),
    ...(byExpression() && { userValidationRules: conditions(random, userConditions) }),
  };
}

function randomRules(random: Random): readonly object[] {
  const claim = random.pick(['hd', 'team', 'sub', 'missing']);
  const required = { claim, requiredValue: random.pick(['example.com', 'blue', '']) };
  return [
    ...(random.below(6) === 0 ? [required] : []),
    ...(readsExpressions && random.below(3) === 0 ? conditions(random, claimConditions) : []),
  ];
}

function conditions(random: Random, pool: readonly [string, ...string[]]): readonly object[] {
  const chosen = Array.from({ length: 1 + random.below(2) }, () => random.pick(pool));
  return [...new Set(chosen)].map((expression) => ({ expression, message: 'a rule' }));
}

/** kube-apiserver wants it looked at wherever an expression takes the address for the user. */
function withVerifiedEmail(username: object, rules: readonly object[]): readonly object[] {
  const text = JSON.stringify(username);
  if (!text.includes('claims.email') || text.includes('claims.email_verified')) return rules;
  return [...rules, { expression: 'claims.email_verified == true' }];
}

/** A token of an issuer that every entry here could take. */
export function honestDraft(issuer: string, keys: OracleKeys): Draft {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: audience,
    exp: now + 900,
    iat: now,
    nbf: now,
    sub: 'alice',
    preferred_username: 'al',
    email: 'alice@example.com',
    email_verified: true,
    name: 'Alice',
    uid: 'u-1',
    hd: 'example.com',
    tenant: '',
    team: 'blue',
    groups: ['dev', 'ops'],
    roles: ['ops', 'qa'],
    tags: ['red'],
    scope: 'a b',
    level: 7,
    jti: 'id-1',
    nested: { list: ['x', 'y'], deep: { text: 'word' }, 'c/d': 'slash' },
    any: 'some',
    'a.b': ['dotted'],
    'a-b': 'dashed',
    namespace: 'word',
    constructor: 'c-1',
    'https://example.com/user': 'url-user',
  };
  const members = Object.entries(claims).map(([name, value]): Member => [
    name,
    JSON.stringify(value),
  ]);
  return {
    header: [
      ['alg', '"ES256"'],
      ['kid', '"p256"'],
      ['typ', '"JWT"'],
    ],
    claims: [...members, ['__proto__', '["proto"]']],
    key: keys.p256,
    alg: 'ES256',
  };
}

const values: readonly [string, ...string[]] = [
  'null',
  '""',
  '" "',
  '"x"',
  '"blue"',
  '"true"',
  '"a,b c"',
  'true',
  'false',
  '0',
  '7',
  '7.5',
  '-0',
  '1e3',
  '1e21',
  '1e400',
  '9007199254740993',
  '123456789012345678901234567890',
  '[]',
  '["a"]',
  '["a","a","b"]',
  '["",""]',
  '[null]',
  '["a",null]',
  '["a",7]',
  '[["a"]]',
  '[true]',
  '{}',
  '{"a":"b"}',
  '{"list":["z"],"deep":{"text":"Z"}}',
  '{"list":null,"deep":null}',
  '"gr\\u00fc\\u00dfe"',
  '"\\ud83d\\ude00"',
  '"\\ud800"',
  '"a\\u0000b"',
  '"a\\nb"',
  '"\\u2028"',
  '"\\ufeffa"',
  '" a"',
  '"system:masters"',
  '"system:anonymous"',
  '["system:authenticated"]',
  '["system:unauthenticated","a"]',
  '"banned"',
  '["banned"]',
];

const changeable: readonly [string, ...string[]] = [
  ...textClaims,
  ...listClaims,
  ...otherClaims,
  'email_verified',
  'scope',
  'tenant',
  'nonce',
  'at_hash',
  'azp',
  '__proto__',
];

export interface Made {
  readonly draft: Draft;
  /** What was done to the honest token. */
  readonly what: readonly string[];
}

/** A token of this issuer: some claims changed, every third with one defect more. */
export function randomToken(random: Random, issuer: string, keys: OracleKeys): Made {
  const what: string[] = [];
  let draft = honestDraft(issuer, keys);
  for (let left = random.below(4); left > 0; left -= 1) {
    const name = random.pick(changeable);
    const json = random.below(3) === 0 ? JSON.stringify(randomName(random)) : random.pick(values);
    const gone = random.below(6) === 0;
    what.push(gone ? `no ${name}` : `${name} = ${json}`);
    draft = gone
      ? { ...draft, claims: draft.claims.filter(([other]) => other !== name) }
      : withRawClaims([name, json])(draft);
  }
  if (random.below(4) === 0) {
    draft = signedBy(
      ...random.pick<Signer>([
        [keys.rsa, 'RS256'],
        [keys.rsa, 'PS384'],
        [keys.p384, 'ES384'],
        [keys.p521, 'ES512'],
      ]),
    )(draft);
  }
  if (random.below(3) > 0) return { draft, what };
  const all = defects(keys);
  const chosen = all[random.below(all.length)];
  return chosen ? { draft: chosen.change(draft), what: [...what, chosen.what] } : { draft, what };
}

type Signer = Parameters<typeof signedBy>;
