/** The tour's machinery: what a step is, how it is taken, and how it reads on a terminal. */
import { styleText } from 'node:util';
import { runKubectl } from './kubectl.ts';
import type { QuickstartFiles } from './quickstart-files.ts';
import type { Quickstart } from './quickstart.ts';

export interface TourStep {
  /** What is done, as a sentence. */
  readonly title: string;
  /** What a tick means. */
  readonly proves: string;
  take(quickstart: Quickstart): Promise<Seen>;
}

export interface Seen {
  /** As a person would type it, a line each. */
  readonly commands: readonly string[];
  readonly output: string;
  /** What is not as it should be, a sentence each. */
  readonly faults: readonly string[];
}

/** Takes the step; one that throws is a step with a fault. */
export async function takeStep(step: TourStep, quickstart: Quickstart): Promise<Seen> {
  try {
    return await step.take(quickstart);
  } catch (error) {
    return {
      commands: [],
      output: '',
      faults: [error instanceof Error ? error.message : String(error)],
    };
  }
}

export interface KubectlCommand {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments that are shown otherwise than they are. */
  readonly shown?: ReadonlyMap<string, string>;
}

export interface Expectation {
  readonly succeeds: boolean;
  /** Each is in the output. */
  readonly says: readonly (string | RegExp)[];
}

/** Runs kubectl as alice and compares what it says (stdout, then stderr). */
export async function seeKubectl(
  { parts, files }: Quickstart,
  command: KubectlCommand,
  expected: Expectation,
): Promise<Seen> {
  const env = { ...tourEnv(files), ...command.env };
  const { code, stdout, stderr } = await runKubectl(parts, files.kubeconfig, command.args, { env });
  const output = [stdout, stderr].join('').trimEnd();
  const faults = expected.says
    .filter((text) => (typeof text === 'string' ? !output.includes(text) : !text.test(output)))
    .map((text) => `the output lacks ${text instanceof RegExp ? text : JSON.stringify(text)}`);
  if ((code === 0) !== expected.succeeds) faults.unshift(`kubectl exited with ${code}`);
  return { commands: [shownCommand(command)], output, faults };
}

/** As on a user's machine: from the second command on kubectl remembers what the API server has. */
export function tourEnv({ kubectlCache }: QuickstartFiles): Readonly<Record<string, string>> {
  return { KUBECACHEDIR: kubectlCache };
}

/** The command line in a shell's notation. */
export function shownCommand({ args, env = {}, shown }: KubectlCommand): string {
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const quote = (word: string): string =>
    shown?.get(word) ??
    (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
  return [...words, 'kubectl', ...args.map(quote)].join(' ');
}

/** The step's heading. */
export function heading(step: TourStep, number: number, total: number): string {
  return styleText('bold', `[${number}/${total}] ${step.title}`);
}

/** What came of it: the commands, the output, and a tick or a cross with the reasons. */
export function account(step: TourStep, { commands, output, faults }: Seen): string {
  const verdict =
    faults.length === 0
      ? [styleText('green', `    ✓ ${step.proves}`)]
      : [`    ✗ not so: ${step.proves}`, ...faults.flatMap(indented)].map((line) =>
          styleText('red', line),
        );
  return [
    ...commands.map((command) => `    ${styleText('cyan', `$ ${command}`)}`),
    ...(output === '' ? [] : indented(output)),
    ...verdict,
  ].join('\n');
}

function indented(text: string): readonly string[] {
  return text.split('\n').map((line) => `      ${line}`);
}
