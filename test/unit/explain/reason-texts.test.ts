/** What explain says of a reason is what the document says. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { denyReasons } from '../../../src/denial/reasons.ts';
import { reasonTexts } from '../../../src/explain/reason-texts.ts';
import { tableRows } from '../../support/documents.ts';

it('every reason is told in the words of docs/denials.md', () => {
  const rows = tableRows('docs/denials.md').filter(([reason = '']) =>
    Object.hasOwn(denyReasons, reason),
  );
  assert.equal(rows.length, Object.keys(denyReasons).length);
  const documented = rows.map(([reason, , happened, helps]) => [reason, { happened, helps }]);
  assert.deepEqual(Object.fromEntries(documented), { ...reasonTexts });
});
