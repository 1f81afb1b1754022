/** No token keeps the process busy: what works too long ends with an error, by counted work and not by a clock. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CostError } from '../../../src/cel/cel-error.ts';
import { compileExpression } from '../../../src/cel/expression.ts';

const large = {
  list: Array.from({ length: 8000 }, (_, at) => `a${at}`),
  text: 'a'.repeat(60_000),
  wide: 'é'.repeat(30_000),
};

const expensive: readonly string[] = [
  'dyn(claims.list).all(a, dyn(claims.list).all(b, true))',
  'dyn(claims.list).exists(a, dyn(claims.list).exists(b, false)) || true',
  'dyn(claims.list).map(a, dyn(claims.list).map(b, a + b)).size()',
  'dyn(claims.list).all(a, a in claims.list)',
  'dyn(claims.list).all(a, claims.list == claims.list)',
  'dyn(claims.list).all(a, claims.text.matches("(a|aa)+b") || true)',
  'dyn(claims.list).all(a, claims.wide.size() > 0)',
  'dyn(claims.list).all(a, (claims.list + claims.list).size() > 0)',
  'dyn(claims.list).all(a, "a".matches(a + "(a|b)*") || true)',
  'claims.text.replace("", "xxxxxxxxxx").replace("", "xxxxxxxxxx").replace("", "xxxxxxxxxx").size()',
  'claims.list.distinct().size()',
  'claims.list.sort().size()',
  'sets.equivalent(claims.list, claims.list)',
  'lists.range(1000000000).size()',
];

describe('the work of an expression', () => {
  for (const source of expensive) {
    it(`is stopped in ${source}`, () => {
      const { evaluate } = compileExpression(source, 'claims');
      assert.throws(() => evaluate(large), CostError);
    });
  }

  it('is linear for patterns that backtracking takes forever over', () => {
    const { evaluate } = compileExpression('claims.text.matches("^(a*)*(a|aa)+b$")', 'claims');
    assert.equal(evaluate(large), false);
  });

  it('starts anew with every evaluation', () => {
    const { evaluate } = compileExpression('dyn(claims.list).all(a, a != "")', 'claims');
    for (let times = 0; times < 40; times += 1) assert.equal(evaluate(large), true);
  });
});
