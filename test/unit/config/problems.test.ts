/** How a fault is told: its path, its words, and what is left out because it follows from another. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectProblems, ConfigError, fieldPath } from '../../../src/config/problems.ts';

describe('collectProblems', () => {
  it("has the words of apimachinery's field.Error", () => {
    const found: string[] = [];
    const problems = collectProblems(found);
    problems.required('a', '');
    problems.required('a', 'it is needed');
    problems.invalid('a.b', 'va"lue', 'it is wrong');
    problems.duplicate('a[0]', 'x');
    problems.other('a', 'Too many: 65: must have at most 64 items');
    assert.deepEqual(found, [
      'a: Required value',
      'a: Required value: it is needed',
      'a.b: Invalid value: "va\\"lue": it is wrong',
      'a[0]: Duplicate value: "x"',
      'a: Too many: 65: must have at most 64 items',
    ]);
  });

  it('leaves out what is at a faulty path or above, and nothing else', () => {
    const found: string[] = [];
    const problems = collectProblems(found, ['jwt[1].issuer.url']);
    for (const path of ['jwt', 'jwt[1]', 'jwt[1].issuer', 'jwt[1].issuer.url']) {
      problems.required(path, '');
    }
    assert.deepEqual(found, []);
    for (const path of ['jwt[0].issuer.url', 'jwt[1].issuer.audiences', 'jwt[1].issuer.url.x']) {
      problems.required(path, '');
    }
    assert.equal(found.length, 3);
  });
});

describe('fieldPath', () => {
  const rows: readonly (readonly [readonly PropertyKey[], string])[] = [
    [[], ''],
    [['a'], 'a'],
    [['a', 'b'], 'a.b'],
    [['a', 0, 'b'], 'a[0].b'],
    [[0, 'a'], '[0].a'],
    [['a', 1, 2], 'a[1][2]'],
  ];
  for (const [path, text] of rows) {
    it(`writes ${JSON.stringify(path)} as ${JSON.stringify(text)}`, () => {
      assert.equal(fieldPath(path), text);
    });
  }
});

describe('ConfigError', () => {
  it('says every problem on a line of its own', () => {
    const error = new ConfigError(['one', 'two']);
    assert.equal(error.message, 'one\ntwo');
    assert.deepEqual(error.problems, ['one', 'two']);
  });
});
