/**
 * `npm test`: gets the real parts and builds the server, telling how far it is, then runs every test there is. Names of
 * folders below test/ (`npm test -- unit integration`) or of files choose some of them.
 */
import { existsSync, globSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { provideParts } from '../lab/parts/provide.ts';
import { stopAll } from '../lab/process.ts';
import { buildServer } from '../lab/server.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['unit', 'integration', 'e2e'];
const atOnce = 2;

function say(line: string): void {
  process.stdout.write(`  ${line}\n`);
}

/** The test files that the arguments choose, the quick ones first; throws a sentence when one chooses nothing. */
function chosenFiles(args: readonly string[]): readonly string[] {
  const wanted = args.length === 0 ? folders : args;
  return wanted.flatMap((name) => {
    const path = [resolve(root, 'test', name), resolve(name)].find((one) => existsSync(one));
    if (path === undefined) throw new Error(`there are no tests called ${name}: ${folders.join()}`);
    if (statSync(path).isFile()) return [path];
    return globSync('**/*.test.ts', { cwd: path })
      .toSorted()
      .map((file) => resolve(path, file));
  });
}

async function main(args: readonly string[]): Promise<number> {
  const files = chosenFiles(args);
  const unitOnly = files.every((file) => relative(root, file).startsWith('test/unit/'));
  if (!unitOnly) {
    await provideParts(['envoy', 'etcd', 'kube-apiserver', 'kubectl', 'kwok'], say);
    await buildServer(say);
  }
  let failed = 0;
  let passed = 0;
  const tests = run({ files: [...files], concurrency: atOnce, cwd: root });
  tests.on('test:fail', ({ details }) => (failed += details.type === 'suite' ? 0 : 1));
  tests.on('test:pass', ({ details }) => (passed += details.type === 'suite' ? 0 : 1));
  const report = tests.compose(new spec());
  report.pipe(process.stdout);
  await new Promise((done) => report.on('end', done));
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await stopAll();
}
