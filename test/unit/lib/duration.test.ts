/** Durations as Go writes them. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDuration } from '../../../src/lib/duration.ts';

const durations: Readonly<Record<string, number>> = {
  '0s': 0,
  '500ms': 500,
  '5s': 5_000,
  '1.5s': 1_500,
  '1m': 60_000,
  '1m30s': 90_000,
  '2h': 7_200_000,
  '1h1m1s1ms': 3_661_001,
  '90m': 5_400_000,
};

const notDurations = [
  '',
  '0',
  '5',
  's',
  '-5s',
  '+5s',
  '5 s',
  ' 5s',
  '5s ',
  '5S',
  '5d',
  '1,5s',
  '.5s',
  '5s5',
  '5us',
  'soon',
  '1e3s',
  '5s\n',
  '٥s',
];

describe('parseDuration', () => {
  for (const [text, ms] of Object.entries(durations)) {
    it(`reads ${text} as ${ms} ms`, () => assert.equal(parseDuration(text), ms));
  }
  for (const text of notDurations) {
    it(`does not read ${JSON.stringify(text)}`, () => assert.equal(parseDuration(text), undefined));
  }
});
