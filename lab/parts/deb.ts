/** Gets a part out of a Debian package: apt chooses and downloads the one for this machine, and its program is unpacked, not installed. */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { partOf, type DebSource, type PartName } from './catalog.ts';
import { findOnPath, supplyHint } from './locate.ts';
import { runStep, StepError, type Progress } from './step.ts';

/** Downloads the package into `directory` and returns the unpacked program's path; needs no root, and throws a sentence that says what is missing. */
export async function unpackDeb(
  name: PartName,
  source: DebSource,
  directory: string,
  progress: Progress,
): Promise<string> {
  const { version, usually } = partOf(name);
  const tools = ['apt-get', 'dpkg-deb'].map((tool) => findOnPath(tool));
  const [apt, dpkg] = tools;
  if (apt === undefined || dpkg === undefined) {
    throw new Error(
      `${name} comes as a Debian package and there is no apt-get with dpkg-deb here: install Prometheus ${version} or newer so that ${name} is on PATH, ${supplyHint(name)}`,
    );
  }
  const run = (label: string, command: string, args: readonly string[]): Promise<string> =>
    runStep({ label, command, args, directory, usually }, progress);
  const options = aptOptions(directory);
  try {
    // Lists of our own: the machine's may be old or empty, and only root may renew them.
    await run('reading the list of Debian packages', apt, [...options, 'update']);
    const label = `downloading the Debian package ${source.package}`;
    await run(label, apt, [...options, 'download', source.package]);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    throw new Error(
      `the Debian package ${source.package} could not be had (what apt-get said is below): get ${name} another way, ${supplyHint(name)}.\n${error.message}`,
      { cause: error },
    );
  }
  const file = readdirSync(directory).find((one) => one.endsWith('.deb'));
  if (!file) throw new Error(`apt-get said it downloaded ${source.package}, but left no package`);
  const unpacked = join(directory, 'unpacked');
  await run('unpacking the package', dpkg, ['-x', join(directory, file), unpacked]);
  return join(unpacked, source.member);
}

function aptOptions(directory: string): readonly string[] {
  const [lists, cache] = [join(directory, 'lists'), join(directory, 'cache')];
  for (const folder of [lists, cache]) mkdirSync(join(folder, 'partial'), { recursive: true });
  return [
    `Dir::State::lists=${lists}`,
    `Dir::Cache=${cache}`,
    `Dir::Cache::archives=${cache}`,
    'APT::Sandbox::User=', // our folder need not be readable by apt's own user
    'Acquire::Languages=none',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=30',
  ].flatMap((option) => ['-o', option]);
}
