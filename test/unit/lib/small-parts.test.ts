/** The smallest parts: freezing, messages of what was thrown, and deadlines. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deepFreeze } from '../../../src/lib/deep-freeze.ts';
import { errorMessage } from '../../../src/lib/error-message.ts';
import { createJsonClient } from '../../../src/lib/http.ts';
import { withinDeadline } from '../../../src/lib/within-deadline.ts';

describe('deepFreeze', () => {
  it('freezes objects and lists at every depth, and returns the same', () => {
    const value = { a: [{ b: { c: 1 } }], d: null, e: 'text' };
    assert.equal(deepFreeze(value), value);
    for (const part of [value, value.a, value.a[0], value.a[0]?.b])
      assert.ok(Object.isFrozen(part));
  });

  it('ends with a value that holds itself', () => {
    const value: { self?: object } = {};
    value.self = value;
    assert.ok(Object.isFrozen(deepFreeze(value)));
  });

  for (const plain of [undefined, null, 7, 'text', true]) {
    it(`returns ${String(plain)} as it is`, () => assert.equal(deepFreeze(plain), plain));
  }
});

describe('errorMessage', () => {
  for (const [thrown, message] of [
    [new Error('no'), 'no'],
    [new TypeError('no type'), 'no type'],
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
  ] as const) {
    it(`of ${String(thrown)} is ${message}`, () => assert.equal(errorMessage(thrown), message));
  }
});

describe('withinDeadline', () => {
  it('needs no time for what is there', async () => {
    assert.equal(await withinDeadline('there', 0, late), 'there');
  });

  it('gives what is done in time, or its error', async () => {
    const deadline = Date.now() + 60_000;
    assert.equal(await withinDeadline(Promise.resolve('done'), deadline, late), 'done');
    const failing = withinDeadline(Promise.reject(new Error('no')), deadline, late);
    await assert.rejects(failing, { message: 'no' });
  });

  it('ends at the deadline, whether it lies ahead or has passed', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 });
    for (const deadline of [1_500, 0, -Infinity]) {
      const never = withinDeadline(new Promise(() => undefined), deadline, late);
      t.mock.timers.tick(500);
      await assert.rejects(never, { message: 'late' });
    }
  });
});

function late(): Error {
  return new Error('late');
}

describe('the JSON client', () => {
  for (const url of [
    'http://issuer.example/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'ftp://x/',
    'issuer.example',
    '//issuer.example',
    '',
    'javascript:1',
    'unix:/run/x',
  ]) {
    it(`fetches nothing by ${JSON.stringify(url)}`, async (t) => {
      const client = createJsonClient();
      t.after(() => client.close());
      await assert.rejects(client.getJson(url), { message: `GET ${url}: only https is fetched` });
    });
  }
});
