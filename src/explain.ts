// `explain`: says how a token and a request are decided, step by step, or how a request of the past was.
import { existsSync } from 'node:fs';
import { choice, parseFlags, UsageError } from './cli/flags.ts';
import { readNamedFile } from './cli/files.ts';
import { processTerminal, type Terminal } from './cli/terminal.ts';
import { configFlagsUsage } from './config-flags.ts';
import { configOptions } from './config/flag-options.ts';
import { configFromParsed } from './config/flags.ts';
import { openWorld } from './explain-world.ts';
import { findEvent } from './explain/audit-line.ts';
import { explainRequest } from './explain/explain.ts';
import { describePast, readPast } from './explain/past.ts';
import { readAsked, toRequest } from './explain/request.ts';
import { describeExplanation } from './explain/text.ts';
import type { Explanation } from './explain/trace.ts';
import { errorMessage } from './lib/error-message.ts';

export const usage = `usage: kube-ext-authz explain --config FILE [flags]
       kube-ext-authz explain --audit-id ID --audit-file FILE [-o FORMAT]

Says how the configuration decides about a token and a request: which entry takes the token, how
each claim finds its way into the identity, which rules hold, what the API server is asked for
kubectl --as, and the header lines that go up; or the first thing that refuses, and what would
change it. It looks with what serves, and changes nothing. Neither the token nor its signature is
ever printed. Exit code 0: allowed, 1: denied, 2: not understood, or not all could be looked at.

  --token-file FILE        the token; - is standard input, which is the default
  --method METHOD          of the request; default GET
  --path PATH              of the request, with its query; default /api
  --as USER --as-group GROUP... --as-uid UID --as-user-extra KEY=VALUE...
                           as kubectl has them
  --offline                asks neither an issuer nor the API server, and says what was left out
  -o FORMAT                text (the default) or json

With --audit-id a line of the audit log (format json) is told in words, and nothing else is read.

The token of --token-file is the one to explain; our own is where the configuration says.

${configFlagsUsage}`;

const options = {
  ...configOptions,
  method: { type: 'string' },
  path: { type: 'string' },
  as: { type: 'string' },
  'as-group': { type: 'string', multiple: true },
  'as-uid': { type: 'string' },
  'as-user-extra': { type: 'string', multiple: true },
  offline: { type: 'boolean' },
  'audit-id': { type: 'string' },
  'audit-file': { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

type Given = ReturnType<typeof parseFlags<typeof options>>['flags'];

export async function run(
  args: readonly string[],
  terminal = processTerminal(),
  hasColours = process.stdout.isTTY && process.stdout.hasColors(),
): Promise<number> {
  const { flags } = parseFlags(args, options);
  const format = choice(flags.output, 'output', ['text', 'json']);
  const isPast = flags['audit-id'] !== undefined || flags['audit-file'] !== undefined;
  const show = { terminal, format, hasColours };
  try {
    return isPast ? await explainPast(flags, show) : await explainNow(flags, show);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    for (const fault of faultsOf(error)) terminal.note(`error: ${fault}`);
    return 2;
  }
}

interface Show {
  readonly terminal: Terminal;
  readonly format: 'text' | 'json';
  readonly hasColours: boolean;
}

async function explainNow(flags: Given, show: Show): Promise<number> {
  const asked = readAsked(flags);
  const { 'token-file': tokenFile = '-', ...configFlags } = flags;
  const config = configFromParsed(configFlags);
  const token = await readToken(tokenFile, show.terminal);
  const { now } = show.terminal;
  const world = openWorld(config, { offline: flags.offline ?? false, now });
  try {
    const explanation = await explainRequest(toRequest(asked, token), asked.as, world);
    print(explanation, describeExplanation, show);
    return exitCode(explanation);
  } finally {
    await world.stop();
  }
}

/** What can't be looked at is no answer; whoever asks in a script must not take it for one. */
function exitCode({ decision, status }: Explanation): number {
  if (decision === 'allow') return 0;
  return decision === 'deny' && status !== 503 ? 1 : 2;
}

async function explainPast(flags: Given, show: Show): Promise<number> {
  const { 'audit-id': auditID, 'audit-file': file } = flags;
  if (auditID === undefined || file === undefined) {
    throw new UsageError('--audit-id and --audit-file belong together');
  }
  const { event, unreadable } = await findEvent(file, auditID);
  const past = event && readPast(event);
  if (!past) throw new Error(notFound(file, event !== undefined || unreadable > 0));
  print(past, describePast, show);
  return past.decision === 'allow' ? 0 : 1;
}

function notFound(file: string, isOther: boolean): string {
  const hint = isOther ? '; it has lines of another audit format, and only json is read' : '';
  return `there is no check with that audit ID in ${file}${hint}`;
}

function print<T>(
  value: T,
  describe: (value: T, hasColours: boolean) => string,
  { terminal, format, hasColours }: Show,
): void {
  terminal.print(format === 'json' ? toJson(value) : describe(value, hasColours));
}

/** What JSON leaves as it is but a terminal would act on is escaped. */
function toJson(value: unknown): string {
  const json = JSON.stringify(value, undefined, 2).replaceAll(
    /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu,
    (letter) => letter.replaceAll(/[^]/g, escapeUnit),
  );
  return `${json}\n`;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

async function readToken(place: string, terminal: Terminal): Promise<string> {
  if (place !== '-' && /^(?:bearer\s|eyJ)/i.test(place) && !existsSync(place)) {
    throw new UsageError(
      'the token itself is among the arguments, and so in the history of the shell: give it on standard input, or in a file',
    );
  }
  const text = place === '-' ? await terminal.readInput() : readNamedFile(place, '--token-file');
  const token = text.trim().replace(/^(?:authorization:\s*)?bearer\s+/i, '');
  if (token === '') throw new Error('there is no token: what was read is empty');
  return token;
}

/** What is about the configuration is the configuration's to read. */
function faultsOf(error: unknown): readonly string[] {
  if (error instanceof Error && 'problems' in error && Array.isArray(error.problems)) {
    return error.problems.map(String);
  }
  return [errorMessage(error)];
}
