/** The settings of `kubectl --as` and of extras: their defaults are in load.test.ts, here is what they refuse. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../../src/config/load.ts';
import { minimal, problemsOf, withField, writeConfig } from '../../support/config-files.ts';

const good: readonly (readonly [path: string[], value: unknown])[] = [
  [['impersonation', 'constrained'], false],
  [['impersonation', 'constrained'], 'detect'],
  [['impersonation', 'maxHeaderValues'], 1_000],
  [['impersonation', 'reviewTimeout'], '500ms'],
  [['impersonation', 'allowCacheTTL'], '0s'],
  [['impersonation', 'originalUserExtra'], 'acme.io/original'],
  [['extra', 'clientIP'], true],
  [['extra', 'static'], { key1: ['a', 'b,c'], 'acme.io/site': ['größe'] }],
];

const refused: readonly (readonly [path: string[], value: unknown, problem: RegExp])[] = [
  [
    ['impersonation', 'constrained'],
    'yes',
    /^impersonation\.constrained: must be true, false or detect$/,
  ],
  [['impersonation', 'maxHeaderValues'], 0, /^impersonation\.maxHeaderValues: /],
  [['impersonation', 'maxHeaderValues'], 1.5, /^impersonation\.maxHeaderValues: /],
  [['impersonation', 'reviewTimeout'], '0s', /^impersonation\.reviewTimeout: Invalid value: "0s"/],
  [['impersonation', 'reviewTimeout'], '5', /must be a duration such as 500ms or 5s/],
  [
    ['impersonation', 'denyCacheTTL'],
    'soon',
    /^impersonation\.denyCacheTTL: Invalid value: "soon"/,
  ],
  [
    ['impersonation', 'originalUserExtra'],
    '',
    /^impersonation\.originalUserExtra: Invalid value: ""/,
  ],
  [['impersonation', 'originalUserExtra'], 'Acme', /beginning of an extra key/],
  [['impersonation', 'originalUserExtra'], 'a b', /beginning of an extra key/],
  [['impersonation', 'allowTTL'], '5s', /unknown field "impersonation\.allowTTL"/],
  [['extra', 'clientIP'], 'x', /^extra\.clientIP: /],
  [['extra', 'static'], { Key1: ['a'] }, /^extra\.static\["Key1"\]: the key must be in lower case/],
  [['extra', 'static'], { 'a b': ['a'] }, /printable ASCII/],
  [['extra', 'static'], { '': ['a'] }, /printable ASCII/],
  [['extra', 'static'], { a: [] }, /^extra\.static\.a: /],
  [['extra', 'static'], { a: [''] }, /^extra\.static\["a"\]: Invalid value: ""/],
  [['extra', 'static'], { a: [' x'] }, /outer white space/],
  [['extra', 'static'], { a: ['x\n'] }, /control characters/],
  [
    ['extra', 'static'],
    { 'authentication.kubernetes.io/node-name': ['n'] },
    /reserved for Kubernetes use/,
  ],
  [['extra', 'static'], { 'k8s.io/x': ['n'] }, /reserved for Kubernetes use/],
];

describe('the settings of impersonation and extras', () => {
  for (const [path, value] of good) {
    it(`may say ${path.join('.')}: ${JSON.stringify(value)}`, () => {
      loadConfig(writeConfig(withField(minimal, path, value)));
    });
  }

  for (const [path, value, problem] of refused) {
    it(`may not say ${path.join('.')}: ${JSON.stringify(value)}`, () => {
      const problems = faultsOf(withField(minimal, path, value));
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems.join(), problem);
    });
  }

  it('may not set an extra that an entry maps', () => {
    const mapping = [{ key: 'acme.io/team', valueExpression: 'claims.team' }];
    const both = withField(
      withField(minimal, ['jwt', 0, 'claimMappings', 'extra'], mapping),
      ['extra', 'static'],
      { 'acme.io/team': ['x'] },
    );
    assert.deepEqual(faultsOf(both), [
      'extra.static["acme.io/team"]: the entry "https://issuer.example" maps an extra of this name, too',
    ]);
  });
});

function faultsOf(config: object): readonly string[] {
  const file = writeConfig(config);
  return problemsOf(() => loadConfig(file), file);
}
