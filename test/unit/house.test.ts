/** Rules of the house that no linter knows. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../support/documents.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const linter = readFileSync(join(root, '.oxlintrc.json'), 'utf8');

describe('the house', () => {
  it('runs on the Node that is pinned', () => {
    assert.equal(process.version, `v${manifest.devDependencies.node}`);
  });

  it('has exact versions of every package, and a lock file without registries', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [name, version] of Object.entries(all)) {
      assert.match(String(version), /^\d+\.\d+\.\d+$/, name);
    }
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
    assert.doesNotMatch(lock, /"resolved"/);
  });

  it('has a direction of imports for every room, and a room for every package', () => {
    const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
    const { overrides } = JSON.parse(linter);
    for (const room of rooms) {
      const own = overrides.find(({ files }: { files: string[] }) =>
        files.includes(`src/${room}/**`),
      );
      const [{ regex }] = own.rules['no-restricted-imports'][1].patterns;
      for (const other of rooms) {
        const allowed = importsOf(room).includes(other);
        assert.ok(!allowed || !new RegExp(regex).test(`../${other}/x.ts`), `${room} → ${other}`);
      }
      assert.ok(new RegExp(regex).test('../app.ts'), room);
    }
    for (const name of Object.keys(manifest.dependencies)) assert.ok(linter.includes(name), name);
  });
});

/** The rooms that the files of a room import. */
function importsOf(room: string): readonly string[] {
  const folder = join(root, 'src', room);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(/from '(?:\.\.\/)+(\w+)\//g)].map(
        ([, other = '']) => other,
      ),
    );
}
