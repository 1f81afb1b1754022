/** The tour of `npm start`, step by step, with real parts; and the command itself from outside. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { tourSteps } from '../../lab/tour-steps.ts';
import { waitUntil } from '../../lab/wait.ts';
import { readDocument, root } from '../support/documents.ts';

interface Session {
  readonly output: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly ended: Promise<number | null>;
}

function startSession(args: readonly string[]): Session {
  const child = spawn(process.execPath, ['lab/launch.mjs', 'lab/main.ts', ...args], { cwd: root });
  let output = '';
  const collect = (chunk: string): void => void (output += chunk);
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { output: () => output, signal: (name) => void child.kill(name), ended };
}

it('npm start takes the tour, stays up, refuses a second one, and leaves nothing behind', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tour-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const session = startSession(['--dir', dir]);
  t.after(() => session.signal('SIGTERM'));
  const failed = session.ended.then((code) => {
    throw new Error(`it ended with ${code}: ${session.output()}`);
  });
  const isUp = (): boolean => session.output().includes('It all stays up until Ctrl-C');
  await Promise.race([waitUntil('the tour to end', isUp, { timeoutMs: 180_000 }), failed]);
  const text = session.output();
  assert.ok(text.includes(`Each of the ${tourSteps.length} steps did what it should.`), text);
  assert.equal(text.match(/ ✗ /g), null);
  assert.ok(!text.includes('\u001b['), 'no colours off a terminal');
  const shown = text.replaceAll(dir, '.quickstart');
  for (const line of sampleLines()) assert.ok(shown.includes(line), `the README shows: ${line}`);
  const state = JSON.parse(readFileSync(join(dir, 'state.json'), 'utf8'));
  const keys = ['admin', 'apiServer', 'envoy', 'grpc', 'issuer', 'serviceAccount'];
  assert.deepEqual(Object.keys(state).toSorted(), keys);
  assert.equal(statSync(join(dir, 'pipeline.key')).mode & 0o777, 0o600);
  const second = startSession(['--dir', dir, '--tour']);
  assert.equal(await second.ended, 1);
  assert.match(second.output(), /A quick start runs here already as process \d+/);
  assert.ok((await fetch(`${state.admin}/readyz`)).ok, 'the first one is not disturbed');
  session.signal('SIGTERM');
  await failed.catch(() => undefined);
  assert.equal(await session.ended, 0);
  for (const url of [state.admin, state.envoy, state.apiServer, state.issuer]) {
    await assert.rejects(fetch(url), isRefused, url);
  }
  assert.ok(existsSync(join(dir, 'apiserver-audit.log')));
});

it('npm start -- --tour says what is wrong with its flags', async () => {
  const session = startSession(['--tuor']);
  assert.equal(await session.ended, 2);
  assert.match(session.output(), /Unknown option '--tuor'/);
});

/** What the README says one should see, line by line, as far as it is shown. */
function sampleLines(): readonly string[] {
  const sample = /### What you should see\n\n```\n(.*?)```/s.exec(readDocument('README.md'))?.[1];
  const lines = (sample ?? '').split('\n').map((line) => line.replace(/…$/, '').trim());
  assert.ok(lines.length > 20);
  return lines;
}

function isRefused(error: unknown): boolean {
  assert.ok(error instanceof Error);
  const { cause } = error;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
