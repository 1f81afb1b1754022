/** `npm run bench`: what a check costs, beside gRPC itself and beside no proxy at all. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { catalog, type PartName } from '../lab/parts/catalog.ts';
import { locatePart } from '../lab/parts/locate.ts';
import { provideParts, type Parts } from '../lab/parts/provide.ts';
import type { Progress } from '../lab/parts/step.ts';
import { stopAll } from '../lab/process.ts';
import { buildServer } from '../lab/server.ts';
import { readArguments, usage, type BenchOptions } from './arguments.ts';
import { measureChecks } from './checks.ts';
import { startLoadGenerator } from './load-generator.ts';
import { describeMachine } from './machine.ts';
import { measureManyTokens } from './many-tokens.ts';
import { fullPlan, quickPlan } from './plan.ts';
import type { Results } from './results.ts';
import { renderReport } from './table.ts';
import { measureThroughEnvoy } from './through-envoy.ts';

async function main(args: readonly string[]): Promise<number> {
  const options = readArguments(args);
  if ('help' in options) {
    process.stdout.write(usage);
    return 0;
  }
  if ('problem' in options) {
    process.stderr.write(`${options.problem}\n`);
    return 2;
  }
  const dir = mkdtempSync(join(tmpdir(), 'kube-ext-authz-bench-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  try {
    const results = await measure(options, dir);
    mkdirSync(dirname(options.output), { recursive: true });
    writeFileSync(options.output, `${JSON.stringify(results, undefined, 2)}\n`);
    process.stdout.write(`\n${renderReport(results, options.output)}`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await stopAll();
  }
}

const progress: Progress = (line) => process.stderr.write(`  ${line}\n`);

async function measure({ quick }: BenchOptions, dir: string): Promise<Results> {
  const measuredAt = new Date().toISOString();
  await buildServer(progress);
  const parts = await findParts(quick);
  const machine = await describeMachine(parts);
  const plan = quick ? quickPlan : fullPlan;
  await using stack = new AsyncDisposableStack();
  const load = stack.adopt(startLoadGenerator(), (one) => one.stop());
  const checks = await measureChecks({ dir: join(dir, 'checks'), plan, load, progress });
  const manyTokens = await measureManyTokens({ dir: join(dir, 'many'), plan, load, progress });
  const inFront = { dir: join(dir, 'envoy'), plan, load, progress };
  const throughEnvoy = parts ? await measureThroughEnvoy({ ...inFront, parts }) : null;
  return { format: 1, measuredAt, quick, machine, checks, manyTokens, throughEnvoy };
}

/** A quick run gets nothing: what isn't there is left out. */
async function findParts(quick: boolean): Promise<Parts | undefined> {
  const names = Object.keys(catalog).filter(isPartName);
  if (quick) {
    const located = await Promise.all(names.map((name) => locatePart(name)));
    if (located.includes(undefined)) return undefined;
  }
  return provideParts(names, progress);
}

function isPartName(name: string): name is PartName {
  return Object.hasOwn(catalog, name);
}

process.exit(await main(process.argv.slice(2)));
