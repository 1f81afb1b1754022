/** Files that others replace: every change is told once, and none is missed. */
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { waitUntil } from '../../../lab/wait.ts';
import { watchFiles, type FilesContent, type WatchedFiles } from '../../../src/lib/watched-file.ts';

const scratch = mkdtempSync(join(tmpdir(), 'watched-file-'));
after(() => rmSync(scratch, { recursive: true }));

let folders = 0;

describe('watchFiles', () => {
  it('tells what the files hold before it resolves, in the order of their names', async (t) => {
    const [a = '', b = ''] = newFiles('one', 'two');
    const { told } = await watch(t, [b, a]);
    assert.deepEqual(told, [['two', 'one']]);
  });

  it('tells a change once, and nothing while nothing changes', async (t) => {
    const [file = ''] = newFiles('one');
    const { told, watched } = await watch(t, [file]);
    for (let count = 0; count < 10; count += 1) await watched.refresh();
    writeFileSync(file, 'one');
    await watched.refresh();
    assert.deepEqual(told, [['one']]);
    writeFileSync(file, 'two');
    await waitUntil('the change', () => told.length > 1, { intervalMs: 5 });
    await watched.refresh();
    assert.deepEqual(told.at(-1), ['two']);
  });

  it('tells why a file can not be read, once, and what it holds when it is back', async (t) => {
    const [a = '', b = ''] = newFiles('one', 'two');
    const { told, watched } = await watch(t, [a, b]);
    unlinkSync(b);
    await watched.refresh();
    await watched.refresh();
    writeFileSync(b, 'three');
    await watched.refresh();
    const [first, second, third] = told;
    assert.deepEqual(first, ['one', 'two']);
    assert.ok(second instanceof Error && 'code' in second);
    assert.equal(second.code, 'ENOENT');
    assert.deepEqual(third, ['one', 'three']);
  });

  it('resolves for a file whose folder is not there, and finds it later', async (t) => {
    const file = join(scratch, 'later', 'file');
    const { told, watched } = await watch(t, [file]);
    assert.ok(told[0] instanceof Error);
    const [other = ''] = newFiles('here');
    symlinkSync(join(other, '..'), join(scratch, 'later'));
    renameSync(other, file);
    await watched.refresh();
    assert.deepEqual(told.at(-1), ['here']);
  });

  it('looks again of its own accord', async (t) => {
    const [file = ''] = newFiles('one');
    const { told } = await watch(t, [file], 5);
    writeFileSync(`${file}.new`, 'two');
    renameSync(`${file}.new`, file);
    await waitUntil('the change', () => told.length > 1, { intervalMs: 5 });
    assert.deepEqual(told.at(-1), ['two']);
  });

  it('looks once more for whoever asks while a look is under way: that one may have missed it', async (t) => {
    const [file = ''] = newFiles('0');
    const { told, watched } = await watch(t, [file]);
    for (let count = 1; count <= 100; count += 1) {
      const earlier = watched.refresh();
      // Somewhere between opening and closing the file.
      for (let turn = 0; turn < count % 10; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      writeFileSync(file, String(count));
      await watched.refresh();
      assert.deepEqual(told.at(-1), [String(count)]);
      await earlier;
    }
  });

  it('tells nothing more once it is stopped', async (t) => {
    const [file = ''] = newFiles('one');
    const { told, watched } = await watch(t, [file], 5);
    watched.stop();
    writeFileSync(file, 'two');
    const { told: others } = await watch(t, [file], 5);
    writeFileSync(file, 'three');
    await waitUntil('another to see it', () => others.length > 1, { intervalMs: 5 });
    assert.deepEqual(told, [['one']]);
  });
});

interface Watched {
  readonly watched: WatchedFiles;
  readonly told: readonly FilesContent[];
}

/** Polls once an hour unless the test says otherwise: then a test sees what `refresh` and the folder's events do. */
async function watch(
  t: TestContext,
  files: readonly string[],
  pollMs = 3_600_000,
): Promise<Watched> {
  const told: FilesContent[] = [];
  const watched = await watchFiles(files, (content) => void told.push(content), { pollMs });
  t.after(() => watched.stop());
  return { watched, told };
}

function newFiles(...contents: readonly string[]): readonly string[] {
  const folder = mkdtempSync(join(scratch, `${(folders += 1)}-`));
  return contents.map((content, index) => {
    const file = join(folder, String(index));
    writeFileSync(file, content);
    return file;
  });
}
