/** What `npm start` makes of its command line. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { readArguments } from '../../lab/arguments.ts';

const checkout = resolve(import.meta.dirname, '../..');

const accepted = [
  {
    title: 'stays up and keeps its state in the checkout by default',
    args: [],
    expected: { tour: false, dir: resolve(checkout, '.quickstart') },
  },
  {
    title: 'takes the tour only, in a directory relative to the working directory',
    args: ['--tour', '--dir', 'elsewhere'],
    expected: { tour: true, dir: resolve('elsewhere') },
  },
  { title: 'prints its usage', args: ['--help'], expected: { help: true } },
] as const;

const refused = [
  { title: 'an unknown flag', args: ['--bogus'], names: '--bogus' },
  { title: 'a word that is no flag', args: ['tour'], names: 'tour' },
  { title: 'a value where none belongs', args: ['--tour=yes'], names: '--tour' },
  { title: 'a directory that is not given', args: ['--dir'], names: '--dir' },
  { title: 'a directory without a name', args: ['--dir='], names: '--dir' },
] as const;

describe('readArguments', () => {
  for (const { title, args, expected } of accepted) {
    it(title, () => assert.deepEqual(readArguments(args), expected));
  }
  for (const { title, args, names } of refused) {
    it(`refuses ${title} in one sentence that names it`, () => {
      const answer = readArguments(args);
      assert.ok('problem' in answer);
      assert.ok(answer.problem.includes(names), answer.problem);
      assert.match(answer.problem, /npm start -- --help$/);
      assert.doesNotMatch(answer.problem, /\n/);
    });
  }
});
