/** The audit logs as files: every line, in order, wherever the file has gone in between. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { waitUntil } from '../../../lab/wait.ts';
import { checkOf, idsIn, openWatchedLog } from '../../support/audit-logs.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-log-'));
after(() => rmSync(folder, { recursive: true }));

describe('an audit log', () => {
  it('has one line a check in each sink, in order, once it is closed', async () => {
    const paths = ['one.log', 'new/folder/two.log'].map((name) => join(folder, name));
    const { log, told } = await openWatchedLog(paths.map((path) => ({ path })));
    const ids = Array.from({ length: 500 }, (_, index) => `audit-${index}`);
    for (const id of ids) log.write(checkOf(id));
    await log.close();
    for (const path of paths) assert.deepEqual(idsIn(path), ids);
    assert.deepEqual(told, { failures: 0, drops: [], logged: [] });
  });

  it('has each check in the format of each sink', async () => {
    const formats = ['json', 'kube-oidc-proxy', 'audit.k8s.io', 'json'] as const;
    const sinks = formats.map((format, index) => ({ format, path: join(folder, `f${index}.log`) }));
    const { log } = await openWatchedLog(sinks);
    log.write(checkOf('a'));
    await log.close();
    const texts = sinks.map(({ path }) => readFileSync(path, 'utf8'));
    const beginnings = ['{"time"', '[1970-01-01T', '{"kind":"Event"', '{"time"'];
    beginnings.forEach((beginning, index) => assert.ok(texts[index]?.startsWith(beginning)));
  });

  it('appends to what is there, and begins a line of its own', async () => {
    const path = join(folder, 'again.log');
    for (const id of ['a', 'b']) {
      const { log } = await openWatchedLog([{ path }]);
      log.write(checkOf(id));
      await log.close();
    }
    assert.deepEqual(idsIn(path), ['a', 'b']);
    writeFileSync(path, '{"half a li');
    const { log } = await openWatchedLog([{ path }]);
    log.write(checkOf('c'));
    await log.close();
    assert.match(readFileSync(path, 'utf8'), /^\{"half a li\n\{.*\}\n$/);
  });

  it('can be read by its owner and group alone', async () => {
    const path = join(folder, 'mode.log');
    const { log } = await openWatchedLog([{ path }]);
    await log.close();
    assert.equal(statSync(path).mode & 0o037, 0);
  });

  it('may have no sink', async () => {
    const { log } = await openWatchedLog([]);
    const record = checkOf('a');
    assert.equal(log.write(record), record);
    assert.deepEqual([log.blocked(), log.fault()], [undefined, undefined]);
    await log.close();
  });

  it('says which one can not be opened', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const opening = openWatchedLog([{ path: join(folder, 'good.log') }, { path: `${file}/x.log` }]);
    await assert.rejects(
      opening,
      /^Error: audit \/.*\/file\/x\.log: it can't be opened: E(EXIST|NOTDIR)/,
    );
  });

  it('goes on in the new file when it is told that the old one was renamed, with no line torn or lost', async () => {
    const path = join(folder, 'rotated.log');
    const { log } = await openWatchedLog([{ path }]);
    log.write(checkOf('a'));
    await waitUntil('the first line', () => idsIn(path).length === 1);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '');
    log.reopen();
    log.write(checkOf('b'));
    await log.close();
    assert.deepEqual([idsIn(`${path}.1`), idsIn(path)], [['a'], ['b']]);
  });

  for (const recreate of [true, false]) {
    it(`finds out by itself that it was renamed, ${recreate ? 'and another made' : 'and none made'}`, async () => {
      const path = join(folder, `watched-${recreate}.log`);
      const { log } = await openWatchedLog([{ path }]);
      const ids: string[] = [];
      const writeOne = (): void => {
        ids.push(`audit-${ids.length}`);
        log.write(checkOf(`audit-${ids.length - 1}`));
      };
      writeOne();
      await waitUntil('the first line', () => idsIn(path).length === 1);
      renameSync(path, `${path}.1`);
      if (recreate) writeFileSync(path, '');
      await waitUntil('lines in the new file', () => {
        writeOne();
        return existsSync(path) && idsIn(path).length > 0;
      });
      await log.close();
      assert.deepEqual([...idsIn(`${path}.1`), ...idsIn(path)], ids);
    });
  }

  it('goes on at the beginning of a file that was cut to nothing', async () => {
    const path = join(folder, 'cut.log');
    const { log } = await openWatchedLog([{ path }]);
    log.write(checkOf('a'));
    await waitUntil('the first line', () => idsIn(path).length === 1);
    truncateSync(path);
    log.write(checkOf('b'));
    await log.close();
    assert.deepEqual(idsIn(path), ['b']);
  });
});
