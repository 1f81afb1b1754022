/** The Kubernetes YAML of the documents is put to a real API server, and their commands are run as they stand. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { parse } from 'yaml';
import { asAdmin } from '../../lab/kube.ts';
import { startCluster } from '../../lab/cluster.ts';
import { provideParts } from '../../lab/parts/provide.ts';
import { buildServer } from '../../lab/server.ts';
import { blocks, root } from '../support/documents.ts';

it('every Kubernetes object of the documents is accepted by the API server', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'documents-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const parts = await provideParts(['etcd', 'kube-apiserver', 'kubectl', 'kwok'], silent);
  const cluster = await startCluster({ dir, parts, progress: silent, kwok: false });
  t.after(() => cluster.stop());
  // Parts of a configuration have no kind: test/unit/documents.test.ts loads them.
  const objects = blocks('yaml').filter(({ text }) => {
    const { kind } = parse(text);
    return kind !== undefined && kind !== 'Configuration';
  });
  assert.ok(objects.length > 0);
  for (const { text } of objects) {
    const args = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'];
    assert.match(await asAdmin(cluster, args, { stdin: text }), /serverside-applied/);
  }
});

it('the commands that check a configuration work as they stand', async (t) => {
  await buildServer(silent);
  const dir = mkdtempSync(join(tmpdir(), 'documents-'));
  t.after(() => rmSync(dir, { recursive: true }));
  symlinkSync(join(root, 'dist'), join(dir, 'dist'));
  const config = blocks('yaml').find(
    ({ file, text }) => file === 'README.md' && parse(text).kind === 'Configuration',
  );
  writeFileSync(join(dir, 'config.yaml'), config?.text ?? '');
  const lines = blocks('sh').flatMap(({ text }) => text.trim().split('\n'));
  const [line, ...more] = lines.filter((one) => one.includes('check-config'));
  assert.deepEqual(more, []);
  const said = execFileSync('sh', ['-c', line ?? ''], { cwd: dir, encoding: 'utf8' });
  assert.equal(said, 'the configuration is good: 1 issuer\n');
});

function silent(): void {
  // no progress to tell
}
