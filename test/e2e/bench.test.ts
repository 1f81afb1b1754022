/** `npm run bench` works and writes what it says it writes. How fast anything is depends on the machine, so no test asks. */
import { status } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { encodeCheck } from '../../bench/check-request.ts';
import { startLoadGenerator } from '../../bench/load-generator.ts';
import { locatePart } from '../../lab/parts/locate.ts';
import { startAuthzStub, type StubAnswer } from '../support/authz-stub.ts';
import { allow } from '../support/replies.ts';

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const parts = ['envoy', 'etcd', 'kube-apiserver', 'kubectl', 'kwok'] as const;
const suppliers = ['ENVOY_BIN', 'KUBEBUILDER_ASSETS', 'KWOK_BIN'];

function runBench(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Run> {
  const child = spawn(process.execPath, ['bench/main.ts', ...args], { cwd: root, env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

function temporaryDirectory(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'bench-test-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
}

const figure = z.number().positive();
const spread = z
  .strictObject({ median: figure, lowest: figure, highest: figure })
  .refine(({ median, lowest, highest }) => lowest <= median && median <= highest);
/** Only Linux tells what another process costs. */
const isTold = process.platform === 'linux';
const cost = isTold ? spread : z.null();
const resident = isTold ? figure : z.null();
const ratios = z.strictObject({ perSecond: spread, p50Ms: spread, p99Ms: spread, cpu: cost });
const comparison = z.strictObject({
  name: z.string(),
  title: z.string().min(1),
  inFlight: figure,
  total: figure,
  rounds: figure,
  warmUps: figure,
  legs: z.array(
    z.strictObject({
      name: z.string(),
      perSecond: spread,
      p50Ms: spread,
      p99Ms: spread,
      cpuMicros: z.record(z.string(), cost),
      loadGeneratorBusy: spread,
      toFirst: ratios,
      toPrevious: ratios,
    }),
  ),
});
const memoryUse = z.strictObject({ resident: figure, heap: figure });
const results = z.strictObject({
  format: z.literal(1),
  measuredAt: z.iso.datetime(),
  quick: z.literal(true),
  machine: z.strictObject({
    cores: figure,
    cpu: z.string(),
    memoryMiB: figure,
    system: z.string().min(1),
    node: z.literal(process.version),
    loadAverage: z.number().nonnegative(),
    envoy: z.string().nullable(),
    kubeApiserver: z.string().nullable(),
  }),
  checks: z.strictObject({
    bytes: z.strictObject({ request: figure, reply: figure }),
    comparisons: z.array(comparison),
    memory: z.strictObject({
      oursWhenReady: resident,
      oursAfterKnownToken: resident,
      oursAtEnd: resident,
      bareAtEnd: resident,
      distinctTokens: figure,
    }),
  }),
  manyTokens: z.strictObject({
    distinctTokens: figure,
    remembered: figure,
    before: memoryUse,
    whenFull: memoryUse,
    after: memoryUse,
    heapBytesPerToken: figure,
  }),
  throughEnvoy: z.strictObject({ comparisons: z.array(comparison) }).nullable(),
});

type Comparisons = readonly z.infer<typeof comparison>[];

function namesOf(comparisons: Comparisons): Record<string, readonly string[]> {
  return Object.fromEntries(
    comparisons.map(({ name, legs }) => [name, legs.map((leg) => leg.name)]),
  );
}

const servers = ['bare grpc-js', 'kube-ext-authz'];
const expectedChecks = {
  'known-token': servers,
  'known-token-alone': servers,
  'new-RS256': servers,
  'new-RS256-alone': servers,
  'new-ES256': servers,
  'new-ES256-alone': servers,
};
const ways = [
  'straight',
  'straight, impersonating',
  'Envoy and the bare server',
  'Envoy and kube-ext-authz',
];

describe('npm run bench -- --quick', () => {
  it('measures every way and writes all of it to the file', async (t) => {
    const output = join(temporaryDirectory(t), 'deep', 'results.json');
    const { code, stdout, stderr } = await runBench(['--quick', '--output', output]);
    assert.equal(code, 0, stderr);
    const written = results.parse(JSON.parse(readFileSync(output, 'utf8')));
    assert.deepEqual(namesOf(written.checks.comparisons), expectedChecks);
    const located = await Promise.all(parts.map((name) => locatePart(name)));
    assert.equal(written.throughEnvoy !== null, !located.includes(undefined));
    if (written.throughEnvoy) {
      const remembered = ['a plain check', '--as, remembered'];
      const expected = {
        'as-known': remembered,
        'as-known-alone': remembered,
        'as-new-alone': ['one question', '21 questions'],
        'get-version': ways,
        'get-version-alone': ways,
      };
      assert.deepEqual(namesOf(written.throughEnvoy.comparisons), expected);
      assert.match(written.machine.envoy ?? '', /^\d+\.\d+\.\d+$/);
    }
    for (const one of [
      ...written.checks.comparisons,
      ...(written.throughEnvoy?.comparisons ?? []),
    ]) {
      assert.ok(stdout.includes(one.title), `the table lacks "${one.title}"`);
    }
    assert.match(stdout, /a remembered token takes [\d.]+ KiB of heap/);
    assert.ok(stdout.includes(output));
  });

  it('leaves Envoy out where its parts are missing', async (t) => {
    const dir = temporaryDirectory(t);
    const output = join(dir, 'results.json');
    const unsupplied = Object.entries(process.env).filter(([name]) => !suppliers.includes(name));
    const env = { ...Object.fromEntries(unsupplied), XDG_CACHE_HOME: dir };
    const { code, stdout, stderr } = await runBench(['--quick', '--output', output], env);
    assert.equal(code, 0, stderr);
    const written = results.parse(JSON.parse(readFileSync(output, 'utf8')));
    assert.deepEqual(namesOf(written.checks.comparisons), expectedChecks);
    assert.equal(written.throughEnvoy, null);
    assert.match(stdout, /Envoy was left out/);
  });
});

describe('npm run bench', () => {
  it('prints its flags', async () => {
    const { code, stdout } = await runBench(['--help']);
    assert.equal(code, 0);
    assert.match(stdout, /--quick[\s\S]*--output FILE/);
  });

  it('refuses a flag that it does not know', async () => {
    const { code, stderr } = await runBench(['--fast']);
    assert.equal(code, 2);
    assert.match(stderr, /--fast.*npm run bench -- --help/);
  });
});

describe('the load generator', () => {
  const token = 'x'.repeat(8_000);

  async function load(t: TestContext, answer: StubAnswer): Promise<{ checks: number }> {
    const stub = await startAuthzStub();
    t.after(() => stub.stop());
    stub.answer('', answer);
    const generator = startLoadGenerator();
    t.after(() => generator.stop());
    const target = { host: '127.0.0.1', port: stub.port };
    const requests = [encodeCheck(token)];
    await generator.run({ target, requests, total: 500, inFlight: 64, good: 'check allowed' });
    return { checks: stub.checksOf('') };
  }

  it('sends as many checks as it was told, more at a time than the window of the server takes', async (t) => {
    assert.deepEqual(await load(t, allow()), { checks: 500 });
  });

  for (const { what, answer } of [
    { what: 'a denial', answer: { status: { code: 7 }, denied_response: { body: 'no' } } },
    { what: 'an error', answer: status.INTERNAL },
    { what: 'an empty reply', answer: {} },
  ] as const) {
    it(`takes ${what} for a failure, whose speed is nothing to know`, async (t) => {
      await assert.rejects(load(t, answer), /500 of 500 requests were not answered well/);
    });
  }

  it('fails when nobody listens', async (t) => {
    const generator = startLoadGenerator();
    t.after(() => generator.stop());
    const target = { host: '127.0.0.1', port: 1 };
    const order = { target, requests: [encodeCheck(token)], total: 1, inFlight: 1 };
    await assert.rejects(generator.run({ ...order, good: 'check allowed' }), /ECONNREFUSED/);
  });
});
