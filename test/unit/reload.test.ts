/** When the configuration is read again, what is taken, what is refused and told, and what is tried again. */
import assert from 'node:assert/strict';
import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { waitUntil } from '../../lab/wait.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { watchFiles } from '../../src/lib/watched-file.ts';
import { followConfig, type Reload } from '../../src/reload.ts';
import { authenticationFile, jwtEntry, minimal, writeFiles } from '../support/config-files.ts';

const second = configOf('second');
const third = configOf('third');
const often = { intervalMs: 5 };

describe('a configuration that is followed', () => {
  it('is taken when it changes, and in use when that is done', async (t) => {
    const { put, use, reload, outcomes } = await follow(t);
    put(second);
    const { config, done } = await use(0);
    assert.deepEqual(namesOf(config), ['second']);
    assert.equal(reload.fault(), 'the new version waits until each of its new issuers has keys');
    done();
    await waitUntil('the success', () => outcomes.length === 1, often);
    assert.deepEqual([outcomes, reload.fault()], [['success'], undefined]);
  });

  it('has a change noticed that came between the first reading and now', async (t) => {
    const { use } = await follow(t, { before: (file) => writeFileSync(file, text(second)) });
    assert.deepEqual(namesOf((await use(0)).config), ['second']);
  });

  it('is left alone when its bytes or its meaning are the same', async (t) => {
    const { put, uses, reads, outcomes } = await follow(t);
    await waitUntil('the first look', () => reads() === 1, often);
    put(minimal);
    put(JSON.stringify(minimal, undefined, 2));
    await waitUntil('another look', () => reads() === 2, often);
    await settle();
    assert.deepEqual([uses.length, outcomes], [0, []]);
  });

  it('is refused when it is bad, which is told once however often it is looked at', async (t) => {
    const { put, use, reload, reads, lines, outcomes } = await follow(t, { retryMs: 1 });
    put('jwt: 7');
    await waitUntil('the fault', () => reload.fault(), often);
    assert.match(reload.fault() ?? '', /^the new version was refused: .*jwt/);
    const before = reads();
    await waitUntil('more looks', () => reads() > before + 5, often);
    assert.deepEqual(outcomes, ['failure']);
    assert.equal(lines.filter((line) => line.includes('read again and refused')).length, 1);
    put('{');
    await waitUntil('the other fault', () => outcomes.length === 2, often);
    put(minimal);
    await waitUntil('the fault to be gone', () => reload.fault() === undefined, often);
    put(second);
    (await use(0)).done();
    await waitUntil('the success', () => outcomes.at(-1) === 'success', often);
  });

  it('is taken when a file that it names is there at last', async (t) => {
    const { put, use, folder, reload } = await follow(t, { retryMs: 1 });
    put({ ...minimal, jwt: [], authentication: { configFile: 'other.json' } });
    await waitUntil('the fault', () => reload.fault()?.includes('other.json'), often);
    writeFileSync(join(folder, 'other.json'), JSON.stringify(authenticationFile));
    const { config } = await use(0);
    assert.equal(config.files.length, 2);
  });

  it('is tried again when it could not be taken, until it can', async (t) => {
    const { put, use, reload, lines, outcomes } = await follow(t, { retryMs: 1 });
    put(second);
    (await use(0)).fail('two has no keys');
    (await use(1)).fail('two still has no keys');
    const { config, done } = await use(2);
    assert.deepEqual(namesOf(config), ['second']);
    assert.deepEqual(outcomes, ['failure', 'failure']);
    assert.ok(lines.some((line) => line.includes('the new version was refused: two has no keys')));
    done();
    await waitUntil('the success', () => outcomes.length === 3, often);
    assert.deepEqual([outcomes[2], reload.fault()], ['success', undefined]);
  });

  it('says why it was refused until it is tried again', async (t) => {
    const { put, use, reload } = await follow(t);
    put(second);
    (await use(0)).fail('one\ntwo');
    await settle();
    assert.equal(reload.fault(), 'the new version was refused: one; two');
  });

  it('is given up for a newer one, which is no failure', async (t) => {
    const { put, use, outcomes } = await follow(t);
    put(second);
    const old = await use(0);
    put(third);
    const { config, done } = await use(1);
    assert.equal(old.signal.aborted, true);
    assert.deepEqual(namesOf(config), ['third']);
    done();
    await waitUntil('the success', () => outcomes.length > 0, often);
    assert.deepEqual(outcomes, ['success']);
  });

  it('is given up for the old one, and for a bad one', async (t) => {
    const { put, use, uses, reload } = await follow(t);
    put(second);
    await use(0);
    put(minimal);
    await waitUntil('no fault', () => reload.fault() === undefined, often);
    put(second);
    const { signal } = await use(1);
    put('{');
    await waitUntil('the fault', () => reload.fault()?.includes('refused'), often);
    assert.deepEqual([signal.aborted, uses.length], [true, 2]);
  });

  it('is followed into other files while it is not in use yet', async (t) => {
    const { put, use, folder, outcomes } = await follow(t);
    writeFileSync(join(folder, 'other.json'), JSON.stringify(authenticationFile));
    put({ ...minimal, jwt: [], authentication: { configFile: 'other.json' } });
    (await use(0)).fail('no keys');
    const jwt = [{ ...jwtEntry, issuer: { ...jwtEntry.issuer, url: 'https://new.example' } }];
    put({ ...authenticationFile, jwt }, 'other.json');
    const { config, done } = await use(1);
    assert.deepEqual(namesOf(config), ['https://new.example']);
    done();
    await waitUntil('the success', () => outcomes.at(-1) === 'success', often);
    put(second);
    (await use(2)).done();
    await waitUntil('the success', () => outcomes.length === 3, often);
    unlinkSync(join(folder, 'other.json'));
    put(third);
    (await use(3)).done();
    await waitUntil('the success', () => outcomes.length === 4, often);
    assert.deepEqual(outcomes, ['failure', 'success', 'success', 'success']);
  });

  it('is given up at the end, and nothing follows', async (t) => {
    const { put, use, uses, reload, file, outcomes } = await follow(t, { retryMs: 1 });
    put(second);
    const { signal } = await use(0);
    await reload.stop();
    assert.equal(signal.aborted, true);
    const seen: unknown[] = [];
    const watched = await watchFiles([file], (content) => void seen.push(content), { pollMs: 5 });
    t.after(() => watched.stop());
    put(third);
    await waitUntil('another to see it', () => seen.length > 1, often);
    assert.deepEqual([uses.length, outcomes], [1, []]);
  });

  it('says what waits for a restart, compared with what was started', async (t) => {
    const { put, use, lines, outcomes } = await follow(t);
    put({ ...second, log: { level: 'debug' }, kubernetes: { token: { file: 'token' } } });
    (await use(0)).done();
    await waitUntil('the success', () => outcomes.length === 1, often);
    const warned = (): readonly string[] => lines.filter((line) => line.includes('restart only'));
    assert.equal(warned().length, 1);
    assert.match(warned()[0] ?? '', /"changed":\["kubernetes","log"\]/);
    put(third);
    (await use(1)).done();
    await waitUntil('the success', () => outcomes.length === 2, often);
    assert.equal(warned().length, 1);
  });
});

interface Use {
  readonly config: Config;
  readonly signal: AbortSignal;
  readonly done: () => void;
  readonly fail: (message: string) => void;
}

interface Rig {
  readonly folder: string;
  readonly file: string;
  readonly reload: Reload;
  readonly uses: readonly Use[];
  readonly outcomes: readonly string[];
  readonly lines: readonly string[];
  readonly reads: () => number;
  /** Replaces a file at one blow. */
  readonly put: (content: string | object, name?: string) => void;
  /** The use of that number, once it has begun. */
  readonly use: (index: number) => Promise<Use>;
}

interface RigOptions {
  readonly retryMs?: number;
  readonly before?: (file: string) => void;
}

/** Tries nothing again within the test unless it is told to. */
async function follow(
  t: TestContext,
  { retryMs = 3_600_000, before }: RigOptions = {},
): Promise<Rig> {
  const folder = writeFiles({ 'config.yaml': minimal });
  const file = join(folder, 'config.yaml');
  const config = loadConfig(file);
  const [uses, outcomes, lines]: [Use[], string[], string[]] = [[], [], []];
  const log = (fields: object, message: string): void =>
    void lines.push(JSON.stringify({ ...fields, message }));
  let reads = 0;
  before?.(file);
  const reload = await followConfig({
    config,
    read: () => {
      reads += 1;
      return loadConfig(file);
    },
    use: (next, signal) => {
      return new Promise((done, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        uses.push({ config: next, signal, done, fail: (why) => reject(new Error(why)) });
      });
    },
    onReload: (outcome) => outcomes.push(outcome),
    log: { debug: log, info: log, warn: log, error: log },
    retryMs,
    pollMs: 20,
  });
  t.after(() => reload.stop());
  return {
    folder,
    file,
    reload,
    uses,
    outcomes,
    lines,
    reads: () => reads,
    put: (content, name = 'config.yaml') => {
      writeFileSync(join(dirname(file), 'new'), text(content));
      renameSync(join(dirname(file), 'new'), join(dirname(file), name));
    },
    use: (index) => waitUntil(`use ${index}`, () => uses[index], often),
  };
}

function configOf(name: string): object {
  return { ...minimal, jwt: [{ ...jwtEntry, name }] };
}

function namesOf({ jwt }: Config): readonly string[] {
  return jwt.map(({ name }) => name);
}

function text(content: string | object): string {
  return typeof content === 'string' ? content : JSON.stringify(content);
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
