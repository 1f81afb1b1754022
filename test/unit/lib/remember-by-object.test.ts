/** Results remembered by the object they were made from: by nothing that merely looks the same. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rememberByObject } from '../../../src/lib/remember-by-object.ts';

describe('rememberByObject', () => {
  it('makes a result once for an object, also when it is undefined', () => {
    let made = 0;
    const remembered = rememberByObject((_key: object): undefined => void (made += 1));
    const key = {};
    remembered(key);
    remembered(key);
    assert.equal(made, 1);
  });

  it('makes another for another object, however alike the two are', () => {
    const remembered = rememberByObject(({ name }: { name: string }) => ({ name }));
    const [alice, twin, bob] = [{ name: 'alice' }, { name: 'alice' }, { name: 'bob' }];
    assert.notEqual(remembered(alice), remembered(twin));
    assert.equal(remembered(alice), remembered(alice));
    assert.deepEqual(remembered(bob), { name: 'bob' });
  });

  it('remembers no failure', () => {
    let fails = true;
    const remembered = rememberByObject((_key: object) => {
      if (fails) throw new Error('no');
      return 'made';
    });
    const key = {};
    assert.throws(() => remembered(key), { message: 'no' });
    fails = false;
    assert.equal(remembered(key), 'made');
  });
});
