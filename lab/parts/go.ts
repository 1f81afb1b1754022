/** Builds a part from its public Go module, in a module of our own that requires it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { partOf, type GoSource, type PartName } from './catalog.ts';
import { findOnPath, supplyHint } from './locate.ts';
import { runStep, StepError, type Progress } from './step.ts';

/** Builds the part inside `directory` and returns the program's path; throws a sentence that says what is missing. */
export async function buildWithGo(
  name: PartName,
  source: GoSource,
  directory: string,
  progress: Progress,
): Promise<string> {
  const { version, usually } = partOf(name);
  const go = findOnPath('go');
  if (!go) {
    throw new Error(
      `${name} ${version} has to be built and there is no Go: install Go (https://go.dev/dl), ${supplyHint(name)}`,
    );
  }
  // A workspace or vendoring of the user's own is not meant for this module.
  const env = { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=mod' };
  const run = (label: string, args: readonly string[], estimate?: string): Promise<string> =>
    runStep(
      { label, command: go, args, directory, env, ...(estimate && { usually: estimate }) },
      progress,
    );
  const program = join(directory, name);
  try {
    const download = await run(`downloading ${source.module} ${version}`, [
      'mod',
      'download',
      '-json',
      `${source.module}@${version}`,
    ]);
    const itsGoMod = readFileSync(goModPath(download), 'utf8');
    writeFileSync(join(directory, 'go.mod'), goModFor(source, version, itsGoMod));
    const flags = ['-trimpath', '-buildvcs=false', '-ldflags', linkerFlags(source)];
    const args = ['build', ...flags, '-o', program, source.package];
    await run(`building ${name} ${version}`, args, usually);
  } catch (error) {
    throw explain(error, name);
  }
  return program;
}

/**
 * The go.mod of a module that requires `source`. Its `v0.0.0` requirements are replaced: they mean "from my own repository" and
 * were never released under that number; a pseudo-version (`v0.0.0-2026…`) is a release like any other and stays.
 */
export function goModFor(source: GoSource, version: string, itsGoMod: string): string {
  const goVersion = /^go (\S+)/m.exec(itsGoMod)?.[1] ?? '1.24.0';
  const siblings = new Set(
    [...itsGoMod.matchAll(/^\s*(?:require\s+)?([\w.~/-]+) v0\.0\.0(?:\s|$)/gm)].map(([, m]) => m),
  );
  const replacements = source.siblingVersion
    ? [...siblings].map((m) => `replace ${m} => ${m} ${source.siblingVersion}\n`)
    : [];
  return `module parts\n\ngo ${goVersion}\n\nrequire ${source.module} ${version}\n\n${replacements.join('')}`;
}

function linkerFlags(source: GoSource): string {
  const variables = Object.entries(source.variables).map(([name, value]) => `-X ${name}=${value}`);
  return ['-s', '-w', ...variables].join(' ');
}

function goModPath(downloadOutput: string): string {
  const answer: unknown = JSON.parse(downloadOutput);
  if (typeof answer === 'object' && answer !== null && 'GoMod' in answer) {
    if (typeof answer.GoMod === 'string') return answer.GoMod;
  }
  throw new Error(`go mod download named no go.mod: ${downloadOutput}`);
}

function explain(error: unknown, name: PartName): unknown {
  if (!(error instanceof StepError)) return error;
  const needed = neededGo(error.output);
  const advice = needed
    ? `Go is too old for ${name}: install Go ${needed} or newer (https://go.dev/dl), or from Go 1.21 on let it fetch the newer one (GOTOOLCHAIN=auto)`
    : `${name} could not be built: mend what is said below`;
  return new Error(`${advice}, ${supplyHint(name)}.\n${error.message}`, { cause: error });
}

/** The Go version that is asked for, by a go command that knows newer versions than its own, or by one from before 1.21. */
export function neededGo(output: string): string | undefined {
  const asked =
    /requires go >= (\d[\w.]*)/.exec(output) ?? /invalid go version '(\d[\w.]*)'/.exec(output);
  return asked?.[1];
}
