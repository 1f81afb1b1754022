/** How kubectl finds the program again, from whatever directory. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { programOf } from '../../../src/cli/terminal.ts';

describe('the program', () => {
  it('is its own command when it is installed under its name', () => {
    assert.deepEqual(programOf('/opt/node', '/usr/local/bin/kube-ext-authz'), [
      '/usr/local/bin/kube-ext-authz',
    ]);
  });

  it('is a script for the Node that runs it, by an absolute path, in a checkout', () => {
    assert.deepEqual(programOf('/opt/node', 'dist/main.js'), [
      '/opt/node',
      resolve('dist/main.js'),
    ]);
  });
});
