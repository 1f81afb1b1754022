/** Service accounts whose tokens are asked for: of an issuer, of one of its pipelines, and our own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../src/config/load.ts';
import { minimal, problemsOf, withField, writeConfig } from '../../support/config-files.ts';

const deployer = { namespace: 'team', name: 'deployer' };
const byTeam = { expression: "claims.team + '/deployer'", allowed: ['a/deployer', 'b/deployer'] };

const refused: readonly (readonly [
  what: string,
  fields: Readonly<Record<string, unknown>>,
  problems: readonly RegExp[],
])[] = [
  ['another way to act', { actAs: 'admin' }, [/^jwt\[0\]\.actAs: /]],
  [
    'an account beside impersonation',
    { serviceAccount: deployer },
    [/^jwt\[0\]\.serviceAccount: has no effect without actAs: serviceAccount/],
  ],
  ['no namespace', account({ name: 'deployer' }), [/serviceAccount\.namespace: Required value/]],
  ['no name', account({ namespace: 'team' }), [/serviceAccount\.name: Required value/]],
  ['nothing of an account', account({}), [/\.namespace: Required value/, /\.name: Required value/]],
  [
    'a namespace that is none',
    account({ ...deployer, namespace: 'Team' }),
    [/\.namespace: Invalid/],
  ],
  ['a name that is none', account({ ...deployer, name: 'a/b' }), [/\.name: Invalid value: "a\/b"/]],
  [
    'a list beside one account',
    account({ ...deployer, allowed: ['team/deployer'] }),
    [/\.allowed: has no effect without expression/],
  ],
  [
    'an expression beside one account',
    account({ ...deployer, ...byTeam }),
    [/\.expression: namespace and name can't be set beside it/],
  ],
  ['an expression without a list', account({ expression: 'claims.team' }), [/\.allowed: Required/]],
  [
    'an expression with an empty list',
    account({ ...byTeam, allowed: [] }),
    [/\.allowed: Required value: name each account/],
  ],
  [
    'an account in the list that is none',
    account({ ...byTeam, allowed: ['a/b', 'deployer', 'a/b/c'] }),
    [/\.allowed\[1\]: Invalid value: "deployer"/, /\.allowed\[2\]: Invalid value: "a\/b\/c"/],
  ],
  [
    'an expression that does not compile',
    account({ ...byTeam, expression: 'claim.team' }),
    [/\.expression: Invalid value: "claim\.team": .*undeclared reference to 'claim'/s],
  ],
  [
    'tokens that are too short for kube-apiserver',
    account({ ...deployer, expirationSeconds: 599 }),
    [/\.expirationSeconds: /],
  ],
  ['tokens for nobody', account({ ...deployer, audiences: [''] }), [/\.audiences\[0\]: /]],
  ['an unknown field', account({ ...deployer, audience: 'x' }), [/unknown field .*audience/]],
];

const ownRefused: readonly (readonly [what: string, token: object, problem: RegExp])[] = [
  [
    'a file beside it',
    { file: 'token', tokenRequest: { namespace: 'n', serviceAccount: 's' } },
    /^kubernetes\.token\.tokenRequest: can't be set beside kubernetes\.token\.file/,
  ],
  [
    'a name that is none',
    { tokenRequest: { namespace: 'n', serviceAccount: 'S' } },
    /^kubernetes\.token\.tokenRequest\.serviceAccount: Invalid value: "S"/,
  ],
  ['no namespace', { tokenRequest: { serviceAccount: 's' } }, /tokenRequest\.namespace: /],
];

describe('the service account of an issuer', () => {
  it('is nobody’s unless the issuer acts as one', () => {
    const [entry] = loadConfig(writeConfig(minimal)).jwt;
    assert.deepEqual([entry?.actAs, entry?.serviceAccount], ['impersonate', undefined]);
  });

  it('is our own when none is named', () => {
    const [entry] = load({ actAs: 'serviceAccount' }).jwt;
    assert.deepEqual([entry?.actAs, entry?.serviceAccount], ['serviceAccount', undefined]);
  });

  it('is the one that is named, with tokens of ten minutes for the API server', () => {
    const [entry] = load(account(deployer)).jwt;
    const terms = { account: deployer, audiences: [], expirationSeconds: 600 };
    assert.deepEqual(entry?.serviceAccount, terms);
  });

  it('is one of a list, by an expression', () => {
    const [entry] = load(account({ ...byTeam, audiences: ['x'], expirationSeconds: 3600 })).jwt;
    const { expression, ...rest } = { expression: undefined, ...entry?.serviceAccount };
    assert.equal(expression?.source, byTeam.expression);
    assert.deepEqual(rest, {
      audiences: ['x'],
      expirationSeconds: 3600,
      allowed: ['a', 'b'].map((namespace) => ({ namespace, name: 'deployer' })),
    });
  });

  for (const [what, fields, expected] of refused) {
    it(`is refused with ${what}`, () => {
      const problems = faultsOf(entryWith(fields));
      assert.equal(problems.length, expected.length, problems.join('\n'));
      expected.forEach((problem, index) => assert.match(problems[index] ?? '', problem));
    });
  }
});

describe('our own token', () => {
  it('may be asked for in place of a file', () => {
    const tokenRequest = { namespace: 'n', serviceAccount: 's', expirationSeconds: 900 };
    const { kubernetes } = loadConfig(writeConfig(withToken({ tokenRequest })));
    const terms = { account: { namespace: 'n', name: 's' }, audiences: [], expirationSeconds: 900 };
    assert.deepEqual(kubernetes.token, { tokenRequest: terms });
  });

  for (const [what, token, problem] of ownRefused) {
    it(`is refused with ${what}`, () => {
      const problems = faultsOf(withToken(token));
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', problem);
    });
  }
});

function account(fields: object): Readonly<Record<string, unknown>> {
  return { actAs: 'serviceAccount', serviceAccount: fields };
}

function entryWith(fields: Readonly<Record<string, unknown>>): object {
  return Object.entries(fields).reduce<object>(
    (config, [name, value]) => withField(config, ['jwt', 0, name], value),
    minimal,
  );
}

function load(fields: Readonly<Record<string, unknown>>): ReturnType<typeof loadConfig> {
  return loadConfig(writeConfig(entryWith(fields)));
}

function withToken(token: object): object {
  return withField(minimal, ['kubernetes'], { token });
}

function faultsOf(config: object): readonly string[] {
  const file = writeConfig(config);
  return problemsOf(() => loadConfig(file), file);
}
