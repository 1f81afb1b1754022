/** Flags that are not understood: each fault has its sentence, and no value is quoted in any. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { choice, parseFlags, required, UsageError, wholeNumber } from '../../../src/cli/flags.ts';

const options = {
  key: { type: 'string' },
  audience: { type: 'string', multiple: true },
  force: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
} as const;

type Row = readonly [what: string, args: readonly string[], says: string];

const secret = 'eyJhbGciOi.secret';

const faults: readonly Row[] = [
  ['an unknown flag', ['--kye', secret], "Unknown option '--kye'"],
  ['an unknown flag with a value', [`--kye=${secret}`], "Unknown option '--kye'"],
  ['an unknown short flag', [`-x${secret}`], "Unknown option '-x'"],
  ['a flag without its value', ['--key'], "Option '--key <value>' argument missing"],
  ['a flag for a value', ['--key', '--force'], "Option '--key' argument is ambiguous"],
  [
    'a value where none belongs',
    [`--force=${secret}`],
    "Option '--force' does not take an argument",
  ],
  [
    'an argument that belongs to no flag',
    [secret],
    'there is an argument that belongs to no flag; quote values that have spaces in them',
  ],
  ['a flag twice', ['--key', secret, '--key', secret], '--key is there more than once'],
  ['an empty value', ['--key', ''], '--key is empty; is a variable of the shell not set?'],
  [
    'an empty value of a list',
    ['--audience='],
    '--audience is empty; is a variable of the shell not set?',
  ],
];

describe('flags', () => {
  for (const [what, args, says] of faults) {
    it(`refuse ${what}`, () => {
      assert.throws(() => parseFlags(args, options), new UsageError(says));
    });
  }

  it('are read with what may stand beside them', () => {
    const args = ['--audience', 'a', 'file', '--audience=b', '-o', 'json'];
    const { flags, positionals } = parseFlags(args, options, 1);
    assert.deepEqual({ ...flags }, { audience: ['a', 'b'], output: 'json' });
    assert.deepEqual(positionals, ['file']);
    assert.throws(() => parseFlags([...args, secret], options, 1), {
      message: 'there are more arguments than this command takes',
    });
  });

  it('say which one is missing', () => {
    assert.throws(() => required(undefined, 'key'), new UsageError('--key is missing'));
    assert.equal(required('x', 'key'), 'x');
  });

  it('offer a choice', () => {
    assert.equal(choice(undefined, 'type', ['ec', 'rsa']), 'ec');
    assert.equal(choice('rsa', 'type', ['ec', 'rsa']), 'rsa');
    const expected = new UsageError('--type must be ec or rsa');
    assert.throws(() => choice(secret, 'type', ['ec', 'rsa']), expected);
  });

  for (const bad of ['1', '11', 'x', '5.5', '-5', '1e1', '0x5', '99999999999', ' 5']) {
    it(`refuse ${JSON.stringify(bad)} for a whole number from 2 to 10`, () => {
      const bounds = { min: 2, max: 10, otherwise: 3 };
      assert.throws(() => wholeNumber(bad, 'days', bounds), {
        message: '--days must be a whole number from 2 to 10',
      });
    });
  }

  it('take a whole number within bounds, both of them included', () => {
    const bounds = { min: 2, max: 10, otherwise: 3 };
    assert.deepEqual(
      [undefined, '2', '10'].map((one) => wholeNumber(one, 'days', bounds)),
      [3, 2, 10],
    );
  });
});
