/** kube-apiserver's own AuthenticationConfiguration file: what it takes, and every word it refuses with. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load.ts';
import {
  authenticationFile,
  jwtEntry,
  minimal,
  problemsOf,
  withField,
  writeFiles,
} from '../../support/config-files.ts';

type Path = readonly (string | number)[];

const entries = (count: number): readonly object[] =>
  Array.from({ length: count }, (_, index) =>
    withField(jwtEntry, ['issuer', 'url'], `https://issuer-${index}.example`),
  );

const discovered = (name: string, discoveryURL: string): object =>
  withField(
    withField(jwtEntry, ['issuer', 'url'], `https://${name}.example`),
    ['issuer', 'discoveryURL'],
    discoveryURL,
  );

const refused: readonly (readonly [what: string, path: Path, value: unknown, ...string[]])[] = [
  ['an unknown field', ['bogus'], 1, 'unknown field "bogus"'],
  ['an unknown field of an entry', ['jwt', 0, 'bogus'], 1, 'unknown field "jwt[0].bogus"'],
  [
    'our own fields of an entry',
    ['jwt', 0, 'actAs'],
    'impersonate',
    'unknown field "jwt[0].actAs"',
  ],
  ['our own name of an entry', ['jwt', 0, 'name'], 'people', 'unknown field "jwt[0].name"'],
  [
    'our own keys of an issuer',
    ['jwt', 0, 'issuer', 'keys'],
    [],
    'unknown field "jwt[0].issuer.keys"',
  ],
  [
    'an unknown field of a mapping',
    ['jwt', 0, 'claimMappings', 'username', 'bogus'],
    1,
    'unknown field "jwt[0].claimMappings.username.bogus"',
  ],
  [
    'a prefix for a uid',
    ['jwt', 0, 'claimMappings', 'uid'],
    { claim: 'oid', prefix: '' },
    'unknown field "jwt[0].claimMappings.uid.prefix"',
  ],
  [
    'an unknown field of a condition',
    ['anonymous'],
    { enabled: true, conditions: [{ path: '/', method: 'GET' }] },
    'unknown field "anonymous.conditions[0].method"',
  ],
  [
    'a claim and an expression',
    ['jwt', 0, 'claimMappings', 'username'],
    { claim: 'sub', prefix: '', expression: 'claims.sub' },
    'jwt[0].claimMappings.username: Invalid value: "": claim and expression can\'t both be set',
  ],
  [
    'a rule that is no truth',
    ['jwt', 0, 'claimValidationRules'],
    [{ expression: 'claims.sub' }],
    'jwt[0].claimValidationRules[0].expression: Invalid value: "claims.sub": must evaluate to bool',
  ],
  [
    'an email address nobody looks at the proof of',
    ['jwt', 0, 'claimMappings', 'username'],
    { expression: 'claims.email' },
    'jwt[0].claimMappings.username.expression: Invalid value: "claims.email": claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression',
  ],
  [
    'a rule for users twice',
    ['jwt', 0, 'userValidationRules'],
    [{ expression: 'user.uid == ""' }, { expression: 'user.uid == ""' }],
    'jwt[0].userValidationRules[1].expression: Duplicate value: "user.uid == \\"\\""',
  ],
  ['65 entries', ['jwt'], entries(65), 'jwt: Too many: 65: must have at most 64 items'],
  [
    'an issuer twice',
    ['jwt'],
    [jwtEntry, ...entries(1), jwtEntry],
    'jwt[2].issuer.url: Duplicate value: "https://issuer.example"',
  ],
  [
    'a discoveryURL twice',
    ['jwt'],
    [discovered('a', 'https://d.example/x'), discovered('b', 'https://d.example/x')],
    'jwt[1].issuer.discoveryURL: Duplicate value: "https://d.example/x"',
  ],
  [
    'the faults of the second entry',
    ['jwt', 1],
    withField(jwtEntry, ['issuer', 'url'], 'http://other.example'),
    'jwt[1].issuer.url: Invalid value: "http://other.example": URL scheme must be https',
  ],
];

describe('the authentication file', () => {
  for (const version of ['v1', 'v1beta1', 'v1alpha1']) {
    it(`is taken in version ${version}`, () => {
      const config = load({
        ...authenticationFile,
        apiVersion: `apiserver.config.k8s.io/${version}`,
      });
      assert.equal(config.jwt[0]?.name, 'https://issuer.example');
    });
  }

  for (const [path, value] of [
    ['apiVersion', 'apiserver.config.k8s.io/v2'],
    ['apiVersion', undefined],
    ['kind', 'AuthenticationConfig'],
    ['kind', undefined],
  ] as const) {
    it(`is refused with the ${path} ${value}`, () => {
      const problems = faults(withField(authenticationFile, [path], value));
      assert.deepEqual(
        problems.map((problem) => problem.split(':')[0]),
        [path],
      );
    });
  }

  for (const [what, path, value, ...problems] of refused) {
    it(`is refused with ${what}`, () => {
      assert.deepEqual(faults(withField(authenticationFile, path, value)), problems);
    });
  }

  it('may hold no entry, as for kube-apiserver', () => {
    assert.deepEqual(load(withField(authenticationFile, ['jwt'], undefined)).jwt, []);
    assert.deepEqual(load(withField(authenticationFile, ['jwt'], [])).jwt, []);
  });

  it('may hold 64 entries', () => {
    assert.equal(load({ ...authenticationFile, jwt: entries(64) }).jwt.length, 64);
  });

  it('is refused when it is empty', () => {
    assert.match(faults('').join(), /^the file: /);
  });

  it('may not use an issuer that is disallowed', () => {
    const problems = faults(authenticationFile, { disallowedIssuers: ['https://issuer.example'] });
    assert.deepEqual(problems, [
      'jwt[0].issuer.url: Invalid value: "https://issuer.example": URL must not overlap with disallowed issuers: [https://issuer.example]',
    ]);
  });
});

describe('what has no effect here', () => {
  const anonymous = 'anonymous has no effect: every request to this server needs a token';
  for (const setting of [
    {},
    { enabled: false },
    { enabled: true },
    { enabled: true, conditions: [{ path: '/livez' }] },
  ]) {
    it(`is told of anonymous ${JSON.stringify(setting)}`, () => {
      const { warnings } = load({ ...authenticationFile, anonymous: setting });
      assert.deepEqual(warnings.map(withoutFile), [anonymous]);
    });
  }

  it('is told of an egress selector, with its entry', () => {
    const { warnings } = load(
      withField(authenticationFile, ['jwt', 0, 'issuer', 'egressSelectorType'], 'cluster'),
    );
    assert.deepEqual(warnings.map(withoutFile), [
      'jwt[0].issuer.egressSelectorType has no effect: this server dials directly',
    ]);
  });

  it('is still refused where kube-apiserver refuses it: conditions of what is not enabled', () => {
    for (const enabled of [false, undefined]) {
      const setting = { enabled, conditions: [{ path: '/livez' }, { path: '/readyz' }] };
      assert.deepEqual(faults({ ...authenticationFile, anonymous: setting }), [
        'anonymous.conditions: Invalid value: "/livez /readyz": enabled should be set to true when conditions are defined',
      ]);
    }
  });
});

function write(content: string | object, settings: object): string {
  return writeFiles({
    'config.yaml': {
      ...minimal,
      jwt: [],
      authentication: { configFile: 'authentication.yaml', ...settings },
    },
    'authentication.yaml': content,
  });
}

function load(content: string | object): Config {
  return loadConfig(join(write(content, {}), 'config.yaml'));
}

function faults(content: string | object, settings: object = {}): readonly string[] {
  const folder = write(content, settings);
  return problemsOf(
    () => loadConfig(join(folder, 'config.yaml')),
    join(folder, 'authentication.yaml'),
  );
}

function withoutFile(warning: string): string {
  return warning.replace(/^\/\S+authentication\.yaml: /, '');
}
