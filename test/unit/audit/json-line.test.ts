/** The format `json`: the event, whole, however hostile the names in it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toAuditEntry } from '../../../src/audit/event.ts';
import {
  acting,
  allowed,
  denied,
  impersonating,
  lineOf,
  recordWith,
} from '../../support/audit-records.ts';
import { identity } from '../../support/deciders.ts';

describe('a line of JSON', () => {
  for (const [what, record] of Object.entries({ allowed, denied, impersonating })) {
    it(`is the event of a check that was ${what}, with its fields in order`, () => {
      const read = JSON.parse(lineOf('json', record));
      const expected = JSON.parse(JSON.stringify(toAuditEntry(record).event));
      assert.deepEqual(read, expected);
      assert.deepEqual(Object.keys(read), Object.keys(expected));
    });
  }

  for (const [what, character] of acting) {
    it(`loses nothing of a text with ${what}`, () => {
      const text = `a${character}b`;
      const record = recordWith(text);
      const read = JSON.parse(lineOf('json', record));
      assert.deepEqual(read.inbound, record.inbound);
      assert.deepEqual(read.outbound, record.inbound);
      assert.deepEqual([read.method, read.issuer, read.requestID], [text, text, text]);
    });
  }

  it('can not be made to look like two', () => {
    const username = 'x"}\n{"msg":"check","decision":"allow"}';
    const line = lineOf('json', { ...allowed, inbound: { ...identity, username } });
    assert.equal(line.split('\n').length, 2);
    assert.equal(JSON.parse(line).inbound.username, username);
  });
});
