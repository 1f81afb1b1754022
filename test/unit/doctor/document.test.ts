/** docs/doctor.md is held against the rules that it is made from. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ruleGroups, withRuleTables } from '../../../docs/generate/rule-tables.ts';
import { usage } from '../../../src/doctor.ts';
import { readDocument, root, tableRows } from '../../support/documents.ts';

const name = 'docs/doctor.md';
const rules = Object.values(ruleGroups).flat();

describe('docs/doctor.md', () => {
  it('has the tables that the rules make', async () => {
    const document = readDocument(name);
    const fresh = await withRuleTables(document, join(root, name));
    assert.equal(document, fresh, `${name} is not what the code says: run npm run docs`);
  });

  it('has a row for every rule', () => {
    const ids = tableRows(name).map(([id = '']) => /^\[(\w+)\]\(https:/.exec(id)?.[1]);
    for (const { id } of rules) assert.ok(ids.includes(id), id);
  });

  it('names every flag', () => {
    const document = readDocument(name);
    for (const [flag] of usage.matchAll(/--[a-z-]+/g)) {
      if (flag !== '--output') assert.ok(document.includes(flag), flag);
    }
  });
});

describe('a rule', () => {
  it('has an id of its own', () => {
    assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
  });

  it('tells why and what to do in whole sentences', () => {
    for (const { id, why, fix, title } of rules) {
      assert.match(why, /^\S.*\.$/s, id);
      assert.match(fix, /^\S.*\.$/s, id);
      assert.doesNotMatch(title, /[.|]$/, id);
    }
  });
});
