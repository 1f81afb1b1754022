/** What /readyz says: ready or not, and a line for each part that tells what it lacks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readReadiness, type ReadinessPart } from '../../../src/admin/readiness.ts';

const good: ReadinessPart = { name: 'grpc', fault: () => undefined };
const bad: ReadinessPart = { name: 'upstream-token', fault: () => '/token is empty' };
const down: ReadinessPart = { name: 'issuer/a', fault: () => 'GET https://a: no', optional: true };
const needed: ReadinessPart = { ...down, optional: false };

const rows: readonly (readonly [
  title: string,
  parts: readonly ReadinessPart[],
  ready: boolean,
  lines: readonly string[],
])[] = [
  ['is there when every part is', [good], true, ['[+]grpc ok', 'readyz check passed']],
  ['is there when there is no part', [], true, ['readyz check passed']],
  [
    'is not there when one part is not, and says why',
    [good, bad],
    false,
    ['[+]grpc ok', '[-]upstream-token: /token is empty', 'readyz check failed'],
  ],
  [
    'is there without a part that may be missing, and says so',
    [down, good],
    true,
    ['[!]issuer/a: GET https://a: no', '[+]grpc ok', 'readyz check passed'],
  ],
  [
    'is not there when a part is missing that may not be',
    [needed],
    false,
    ['[-]issuer/a: GET https://a: no', 'readyz check failed'],
  ],
  [
    'tells every fault at once',
    [bad, down, needed],
    false,
    [
      '[-]upstream-token: /token is empty',
      '[!]issuer/a: GET https://a: no',
      '[-]issuer/a: GET https://a: no',
      'readyz check failed',
    ],
  ],
];

describe('readiness', () => {
  for (const [title, parts, ready, lines] of rows) {
    it(title, () => {
      const told = readReadiness(parts);
      assert.deepEqual([told.ready, told.text], [ready, `${lines.join('\n')}\n`]);
    });
  }

  it('tells of each part whether it has a fault, whether it needs to be there or not', () => {
    const { parts } = readReadiness([good, down]);
    assert.deepEqual(parts, [
      { name: 'grpc', isOk: true },
      { name: 'issuer/a', isOk: false },
    ]);
  });

  it('asks every part once, so that the answer and its text agree', () => {
    let asked = 0;
    const flickering = { name: 'a', fault: () => ((asked += 1) % 2 === 1 ? undefined : 'gone') };
    assert.deepEqual(readReadiness([flickering]), {
      ready: true,
      parts: [{ name: 'a', isOk: true }],
      text: '[+]a ok\nreadyz check passed\n',
    });
    assert.equal(asked, 1);
  });
});
