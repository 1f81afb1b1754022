/** The flags of kubectl as the lines that kubectl would send. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/cli/flags.ts';
import { readAsked, toRequest, type RequestFlags } from '../../../src/explain/request.ts';
import { readRequestedUser } from '../../../src/impersonation/requested-user.ts';

const wrong: readonly (readonly [flags: RequestFlags, says: RegExp])[] = [
  [{ path: 'api' }, /--path must begin with \//],
  [{ method: 'get' }, /--method must be a word in capitals/],
  [{ 'as-user-extra': ['team'] }, /--as-user-extra must be KEY=VALUE/],
  [{ 'as-user-extra': ['=x'] }, /--as-user-extra must be KEY=VALUE/],
];

describe('the request to explain', () => {
  it('is a plain one by default', () => {
    const { method, path, headers } = toRequest(readAsked({}), 'token');
    assert.deepEqual([method, path, headers.authorization], ['GET', '/api', ['Bearer token']]);
    assert.deepEqual(headers.impersonation, []);
  });

  it('asks for whom the flags name', () => {
    const flags = {
      as: 'bob',
      'as-uid': '7',
      'as-group': ['a', 'b'],
      'as-user-extra': ['Acme.io/Team=x', 'acme.io/team=y=z'],
    };
    const { headers } = toRequest(readAsked(flags), 'token');
    assert.deepEqual(readRequestedUser(headers, { constrained: true, maxHeaderValues: 64 }), {
      username: 'bob',
      uid: '7',
      groups: ['a', 'b'],
      extra: { 'acme.io/team': ['x', 'y=z'] },
    });
    assert.ok(headers.identityNames.includes('impersonate-group'));
  });

  it('leaves the user out when only groups are named', () => {
    const { headers } = toRequest(readAsked({ 'as-group': ['a'] }), 'token');
    assert.deepEqual(headers.impersonation, [{ name: 'impersonate-group', value: 'a' }]);
  });

  for (const [flags, says] of wrong) {
    it(`is refused for ${JSON.stringify(flags)}`, () => {
      assert.throws(
        () => readAsked(flags),
        (error) => error instanceof UsageError && says.test(error.message),
      );
    });
  }
});
