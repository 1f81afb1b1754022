/**
 * Extras that the configuration adds, and the permissions that `rbac` prints for them: without they are refused by the API server,
 * with them they arrive, and nothing else was needed.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { onCallUser } from '../../lab/alice.ts';
import { readAudit } from '../../lab/audit-log.ts';
import { apply } from '../../lab/kube.ts';
import { runKubectl } from '../../lab/kubectl.ts';
import { waitUntil } from '../../lab/process.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { replaceFile } from '../../lab/replace-file.ts';
import { root } from '../support/documents.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const settings = {
  extra: { clientIP: true, static: { 'example.com/through': ['one', 'two'] } },
  impersonation: { originalUserExtra: 'asker.example.com' },
};

/** One request, without discovery before it: of a 403 there kubectl shows nothing. */
const list = ['get', '--raw', '/api/v1/namespaces/default/pods'];

const added = { 'remote-client-ip': ['127.0.0.1'], 'example.com/through': ['one', 'two'] };

interface UserInfo {
  readonly username: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

describe('configured extras', () => {
  let quickstart: Quickstart;

  before(async () => {
    quickstart = await startTemporaryQuickstart();
    const { configFile } = quickstart.server;
    const config = parse(readFileSync(configFile, 'utf8'));
    replaceFile(configFile, stringify({ ...config, ...settings }));
  });

  after(() => quickstart.stop());

  function kubectl(args: readonly string[]) {
    const { files, parts } = quickstart;
    return runKubectl(parts, files.kubeconfig, args);
  }

  async function whoAmI(...flags: readonly string[]): Promise<UserInfo> {
    const { code, stdout, stderr } = await kubectl(['auth', 'whoami', '-o', 'json', ...flags]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).status.userInfo;
  }

  it('are refused by the API server until our account may send them', async () => {
    const refusal = await waitUntil('the new configuration', async () => {
      const { code, stderr } = await kubectl(list);
      return code === 0 ? undefined : stderr;
    });
    assert.match(refusal, /User "system:serviceaccount:kube-ext-authz:kube-ext-authz" cannot/);
    assert.match(refusal, /userextras\/(example\.com\/through|remote-client-ip)/);
  });

  it('arrive with the permissions that rbac prints', async () => {
    const program = join(root, 'dist', 'main.js');
    const args = [program, 'rbac', '--config', quickstart.server.configFile];
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8' });
    await apply(
      quickstart.cluster,
      parseAllDocuments(printed).map((one): object => one.toJS()),
    );
    await waitUntil('the permissions', async () => (await kubectl(list)).code === 0);
    const { username, extra = {} } = await whoAmI();
    assert.equal(username, 'alice');
    for (const [key, values] of Object.entries(added)) assert.deepEqual(extra[key], values, key);
  });

  it('go with --as, too, beside the record under its configured name', async () => {
    const { username, extra = {} } = await whoAmI('--as', onCallUser);
    assert.equal(username, onCallUser);
    for (const [key, values] of Object.entries(added)) assert.deepEqual(extra[key], values, key);
    assert.deepEqual(extra['asker.example.com-user'], ['alice']);
    const seen = readAudit(quickstart.files.apiServerAudit).findLast(
      ({ impersonatedUser }) => impersonatedUser?.username === onCallUser,
    );
    assert.deepEqual(seen?.impersonatedUser?.extra?.['asker.example.com-user'], ['alice']);
  });

  for (const key of ['remote-client-ip', 'example.com/through', 'asker.example.com-user']) {
    it(`can't be forged: ${key}`, async () => {
      const flags = ['--as', onCallUser, '--as-user-extra', `${key}=forged`];
      const { code, stderr } = await kubectl(['get', 'pods', ...flags]);
      assert.equal(code, 1);
      assert.ok(stderr.includes(`the request brings the extra "${key}"`), stderr);
    });
  }
});
