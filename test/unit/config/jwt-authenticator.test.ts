/** kube-apiserver's rules for claim mappings and claim rules, in its own paths and words. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JwtConfig } from '../../../src/config/config.ts';
import { toJwtConfig } from '../../../src/config/jwt-authenticator.ts';
import { collectProblems } from '../../../src/config/problems.ts';

type Entry = Parameters<typeof toJwtConfig>[0];
type Mappings = Partial<Entry['claimMappings']>;
type Rules = Entry['claimValidationRules'];

const mappings = 'jwt[0].claimMappings';
const prefixRequired =
  'prefix is required when claim is set. It can be set to an empty string to disable prefixing';

const refusedMappings: readonly (readonly [string, Mappings, ...string[]])[] = [
  [
    'a username without a claim',
    { username: {} },
    `${mappings}.username: Required value: claim or expression is required`,
  ],
  [
    'a username with an empty claim',
    { username: { claim: '', prefix: '' } },
    `${mappings}.username: Required value: claim or expression is required`,
  ],
  [
    'a username claim without a prefix',
    { username: { claim: 'sub' } },
    `${mappings}.username.prefix: Required value: ${prefixRequired}`,
  ],
  [
    'a groups claim without a prefix',
    { groups: { claim: 'groups' } },
    `${mappings}.groups.prefix: Required value: ${prefixRequired}`,
  ],
];

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const path = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
const prefixed = 'must be a domain-prefixed path (such as "acme.io/foo")';
const reserved = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';

const refusedKeys: readonly (readonly [string, ...string[]])[] = [
  ['', 'Required value'],
  ['team', `Invalid value: "team": ${prefixed}`],
  ['/team', `Invalid value: "/team": ${prefixed}`],
  ['acme.io/', `Invalid value: "acme.io/": ${prefixed}`],
  ['acme_io/team', `Invalid value: "acme_io": ${subdomain}`],
  ['-acme.io/team', `Invalid value: "-acme.io": ${subdomain}`],
  [
    'Acme.io/team',
    `Invalid value: "Acme.io": ${subdomain}`,
    'Invalid value: "Acme.io/team": must be lowercase',
  ],
  ['acme.io/Team', 'Invalid value: "acme.io/Team": must be lowercase'],
  ['acme.io/my team', `Invalid value: "my team": ${path}`],
  ['acme.io/größe', `Invalid value: "größe": ${path}`],
  [
    `${'a.'.repeat(127)}io/team`,
    `Invalid value: "${'a.'.repeat(127)}io": must be no more than 253 characters`,
  ],
  ['k8s.io/team', `Invalid value: "k8s.io/team": ${reserved}`],
  ['kubernetes.io/team', `Invalid value: "kubernetes.io/team": ${reserved}`],
  [
    'authentication.kubernetes.io/credential-id',
    `Invalid value: "authentication.kubernetes.io/credential-id": ${reserved}`,
  ],
];

const acceptedKeys = ['acme.io/team', 'a/b', 'acme.io/a/b/c', 'acme.io/a%2fb', 'ak8s.io/team'];

const acceptedExpressions = [
  'claims.team',
  ' claims.a.b.c ',
  'claims["acme.io/team"]',
  'claims.?team.orValue("none")',
  'dyn(claims.teams).map(t, "team:" + t)',
];

const refusedExpressions = [
  'claims.',
  'claims.team.',
  'claims.a-b',
  'user.username',
  'claims.team\nclaims.other',
  'claims.team + nobody',
  '[1, "a"]',
  'claims.team.nothing()',
];

describe('the claim mappings of an entry', () => {
  for (const [what, changes, ...problems] of refusedMappings) {
    it(`refuse ${what}`, () => assert.deepEqual(faults(changes), problems));
  }

  it('take an empty prefix for none', () => {
    assert.deepEqual(read({ username: { claim: 'sub', prefix: '' } }).username, {
      claim: 'sub',
      prefix: '',
    });
  });

  it('pass over a groups prefix without a claim, as kube-apiserver does', () => {
    assert.equal(read({ groups: { prefix: 'oidc:' } }).groups, undefined);
  });

  it('pass over an empty groups or uid claim', () => {
    const { groups, uid } = read({ groups: { claim: '' }, uid: { claim: '' } });
    assert.deepEqual([groups, uid], [undefined, undefined]);
  });

  it('keep groups and uid', () => {
    const { groups, uid } = read({
      groups: { claim: 'roles', prefix: 'oidc:' },
      uid: { claim: 'oid' },
    });
    assert.deepEqual([groups, uid], [{ claim: 'roles', prefix: 'oidc:' }, { claim: 'oid' }]);
  });
});

describe('the extra mappings of an entry', () => {
  for (const key of acceptedKeys) {
    it(`take the key ${JSON.stringify(key)}`, () => {
      const extra = [{ key, valueExpression: 'claims.team' }];
      assert.deepEqual(sources(read({ extra })), [[key, 'claims.team']]);
    });
  }
  for (const [key, ...problems] of refusedKeys) {
    it(`refuse the key ${JSON.stringify(key).slice(0, 60)}`, () => {
      assert.deepEqual(
        faults({ extra: [{ key, valueExpression: 'claims.team' }] }),
        problems.map((problem) => `${mappings}.extra[0].key: ${problem}`),
      );
    });
  }
  for (const valueExpression of acceptedExpressions) {
    it(`take the expression ${valueExpression}`, () => {
      const extra = [{ key: 'acme.io/team', valueExpression }];
      assert.deepEqual(sources(read({ extra })), [['acme.io/team', valueExpression]]);
    });
  }
  for (const valueExpression of refusedExpressions) {
    it(`refuse ${JSON.stringify(valueExpression)}, which does not compile`, () => {
      const [problem = '', ...more] = faults({ extra: [{ key: 'acme.io/team', valueExpression }] });
      const at = `${mappings}.extra[0].valueExpression`;
      const value = JSON.stringify(valueExpression);
      assert.deepEqual(more, []);
      assert.ok(
        problem.startsWith(`${at}: Invalid value: ${value}: compilation failed: `),
        problem,
      );
    });
  }
});

describe('the claim rules of an entry', () => {
  const at = 'jwt[0].claimValidationRules';
  const rows: readonly (readonly [string, Rules, ...string[]])[] = [
    [
      'refuse one without a claim',
      [{ requiredValue: 'x' }],
      `${at}[0]: Required value: claim or expression is required`,
    ],
    [
      'refuse a message beside a claim',
      [{ claim: 'hd', requiredValue: 'x', message: 'no' }],
      `${at}[0].message: Invalid value: "no": may not be specified when claim is set`,
    ],
    [
      'refuse a claim twice',
      [{ claim: 'hd', requiredValue: 'x' }, { claim: 'hd' }],
      `${at}[1].claim: Duplicate value: "hd"`,
    ],
  ];
  for (const [title, rules, ...problems] of rows) {
    it(title, () => assert.deepEqual(faults({}, rules), problems));
  }

  it('require the empty value when none is given', () => {
    assert.deepEqual(read({}, [{ claim: 'hd' }]).requiredClaims, [
      { claim: 'hd', requiredValue: '' },
    ]);
  });
});

describe('an entry', () => {
  it('takes the algorithms of kube-apiserver, none of them symmetric', () => {
    const { signingAlgorithms } = read({});
    assert.deepEqual(
      signingAlgorithms.join(' '),
      'ES256 ES384 ES512 PS256 PS384 PS512 RS256 RS384 RS512',
    );
  });

  it('takes empty texts of its issuer for absent ones', () => {
    const { issuer } = read({});
    assert.equal(issuer.discoveryURL, undefined);
    assert.equal(issuer.certificateAuthority, undefined);
  });
});

interface Result {
  readonly config: JwtConfig;
  readonly problems: readonly string[];
}

function convert(changes: Mappings, claimValidationRules: Rules): Result {
  const issuer = {
    url: 'https://issuer.example',
    audiences: ['kubernetes'],
    discoveryURL: '',
    certificateAuthority: '',
  };
  const claimMappings = { username: { claim: 'sub', prefix: '' }, extra: [], ...changes };
  const problems: string[] = [];
  const config = toJwtConfig(
    { issuer, claimMappings, claimValidationRules, userValidationRules: [] },
    { name: 'test', allowReservedNames: false, disallowedIssuers: [] },
    'jwt[0]',
    collectProblems(problems),
  );
  return { config, problems };
}

function sources({ extra }: JwtConfig): readonly (readonly string[])[] {
  return extra.map(({ key, expression }) => [key, expression.source]);
}

function faults(changes: Mappings, rules: Rules = []): readonly string[] {
  return convert(changes, rules).problems;
}

function read(changes: Mappings, rules: Rules = []): JwtConfig {
  const { config, problems } = convert(changes, rules);
  assert.deepEqual(problems, []);
  return config;
}
