/** `rbac` as a process: what it prints can be applied as it is, and what it doesn't understand it says. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { minimal, withField, writeConfig } from '../support/config-files.ts';
import { root } from '../support/documents.ts';

const extra = [{ key: 'acme.io/team', valueExpression: 'claims.team' }];
const config = withField(minimal, ['jwt', 0, 'claimMappings', 'extra'], extra);

const misunderstood: readonly (readonly [flags: readonly string[], says: RegExp, code: number])[] =
  [
    [['--service-account', 'x'], /--service-account must be NAMESPACE\/NAME/, 2],
    [['--service-account=a/b/c'], /--service-account must be NAMESPACE\/NAME/, 2],
    [['--as-user-extra'], /'--as-user-extra <value>' argument missing/, 2],
    [['--bogus'], /'--bogus'/, 2],
  ];

describe('rbac', () => {
  it('prints a ClusterRole for the configuration, and its binding', () => {
    const flags = ['--as-user-extra', 'acme.io/x', '--service-account=ns/sa', '--name', 'role'];
    const { stdout, stderr, status } = rbac(['--config', writeConfig(config), ...flags]);
    assert.deepEqual([status, stderr], [0, '']);
    assert.ok(!stdout.includes('&'), 'aliases are not for people');
    const [role, binding, ...more] = parseAllDocuments(stdout).map((one) => one.toJS());
    assert.deepEqual(more, []);
    assert.equal(role.kind, 'ClusterRole');
    assert.equal(role.metadata.name, 'role');
    const [, authentication] = role.rules;
    assert.ok(authentication.resources.includes('userextras/acme.io/team'));
    assert.ok(authentication.resources.includes('userextras/acme.io/x'));
    assert.deepEqual(binding.subjects, [{ kind: 'ServiceAccount', name: 'sa', namespace: 'ns' }]);
    assert.equal(binding.roleRef.name, 'role');
  });

  for (const [flags, says, code] of misunderstood) {
    it(`says what is wrong with ${flags.join(' ')}`, () => {
      const { stdout, stderr, status } = rbac(['--config', writeConfig(config), ...flags]);
      assert.deepEqual([status, stdout], [code, '']);
      assert.match(stderr, says);
    });
  }
});

function rbac(flags: readonly string[]) {
  const args = [join(root, 'src', 'main.ts'), 'rbac', ...flags];
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}
