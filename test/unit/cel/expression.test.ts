/** Expressions as an administrator writes them; test/e2e/cel-oracle.test.ts holds every part against Kubernetes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CelError } from '../../../src/cel/cel-error.ts';
import { compileExpression, type CelVariable } from '../../../src/cel/expression.ts';

const claims = {
  sub: 'alice',
  email: 'a@example.org',
  groups: ['dev', 'ops'],
  level: 7,
  none: null,
  'example.org/team': 'core',
  nested: { 'a-b': { in: [1, 2] } },
};
const user = { username: 'alice', uid: 'u', groups: ['dev'], extra: { 'example.org/x': ['y'] } };

const results: readonly [string, unknown][] = [
  ['claims.sub', 'alice'],
  ['"oidc:" + claims.sub', 'oidc:alice'],
  ['dyn(claims.groups).map(g, "x:" + g)', ['x:dev', 'x:ops']],
  ['claims.?missing.orValue("nobody")', 'nobody'],
  ['has(claims.missing) ? claims.missing : claims.sub', 'alice'],
  ['claims.example__dot__org__slash__team', 'core'],
  ['claims.nested.a__dash__b.__in__[1]', 2],
  ['claims.level', 7],
  ['int(claims.level) + 1', 8n],
  ['claims.none', null],
  ['claims.missing || claims.sub == "alice"', true],
];

const failures: readonly string[] = [
  'claims.missing',
  'claims.sub.missing',
  'claims.groups[2]',
  'claims.level + 1',
  '[1][int(claims.level)]',
  '1 / (int(claims.level) - 7)',
];

const refusals: readonly [CelVariable, string][] = [
  ['claims', ''],
  ['claims', 'claims.'],
  ['claims', 'user.username'],
  ['user', 'claims.sub'],
  ['user', 'user.name'],
  ['claims', 'claims.groups.all(g, true)'],
  ['claims', '[1, "a"]'],
  ['claims', '"a" + 1'],
  ['claims', '"a".matches("(")'],
  ['claims', 'duration("soon")'],
  ['claims', 'timestamp("today")'],
  ['claims', 'cel.bind(a, 1, a)'],
  ['claims', `${'('.repeat(500)}1${')'.repeat(500)}`],
  ['claims', `${'1 + '.repeat(500)}1`],
];

describe('an expression', () => {
  for (const [source, result] of results) {
    it(`gives what ${source} means`, () => {
      assert.deepEqual(compileExpression(source, 'claims').evaluate(claims), result);
    });
  }

  for (const source of failures) {
    it(`fails on this token, without its values, when it is ${source}`, () => {
      const { evaluate } = compileExpression(source, 'claims');
      assert.throws(
        () => evaluate(claims),
        (error) => error instanceof CelError && !/alice|dev/.test(error.message),
      );
    });
  }

  for (const [variable, source] of refusals) {
    it(`is refused at load over ${variable} when it is ${source.slice(0, 40)}`, () => {
      assert.throws(
        () => compileExpression(source, variable),
        (error) =>
          error instanceof CelError &&
          /^(compilation|program instantiation) failed: /.test(error.message),
      );
    });
  }

  it('is refused with every error, its line and column, and a mark under the place', () => {
    assert.throws(() => compileExpression('foo &&\n\t"größe" + 1 == bar', 'claims'), {
      message: [
        "compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')",
        ' | foo &&',
        ' | ^',
        "ERROR: <input>:2:10: found no matching overload for '_+_' applied to '(string, int)'",
        ' |  "größe" + 1 == bar',
        ' | ....．．...^',
        "ERROR: <input>:2:17: undeclared reference to 'bar' (in container '')",
        ' |  "größe" + 1 == bar',
        ' | ....．．..........^',
      ].join('\n'),
    });
  });

  it('that can be no program is refused in other words', () => {
    assert.throws(() => compileExpression('int("x")', 'claims'), {
      message: "program instantiation failed: type conversion error from 'string' to 'int'",
    });
  });

  it('knows its static type', () => {
    assert.deepEqual(['claims.a', 'claims.a == true', '"a"', '[1]', '{}', '1'].map(typeOf), [
      'dyn',
      'bool',
      'string',
      'list',
      'map',
      'int',
    ]);
  });

  it('knows which claims it selects, wherever it does', () => {
    const { selectedClaims } = compileExpression(
      '[1].map(x, has(claims.a) ? claims.?b.orValue(claims["c"]) : claims.d.claims)',
      'claims',
    );
    assert.deepEqual([...selectedClaims].toSorted(), ['a', 'b', 'd']);
  });

  it('reads a user', () => {
    assert.equal(holds('user.extra.example__dot__org__slash__x == ["y"]'), true);
    assert.equal(holds('user.groups.exists(g, g.startsWith("system:"))'), false);
  });

  it('gives no array for a list that kube-apiserver takes for no groups', () => {
    assert.ok(!Array.isArray(overRoles('claims.roles.split(",")')));
    assert.deepEqual(overRoles('claims.roles.split(",").map(r, r)'), ['a', 'b']);
  });

  it('is told apart from fields that JavaScript has', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
      const { evaluate } = compileExpression(`has(claims.nested.${name})`, 'claims');
      assert.equal(evaluate(claims), false, name);
    }
  });
});

function typeOf(source: string): string {
  return compileExpression(source, 'claims').type;
}

function holds(source: string): unknown {
  return compileExpression(source, 'user').evaluate(user);
}

function overRoles(source: string): unknown {
  return compileExpression(source, 'claims').evaluate({ ...claims, roles: 'a,b' });
}
