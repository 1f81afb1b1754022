// `inspect`: shows what a token says without sending it anywhere.
import { existsSync } from 'node:fs';
import { decodeToken, type DecodedToken } from './decoded-token.ts';
import { readNamedFile } from './files.ts';
import { choice, parseFlags, UsageError } from './flags.ts';
import { printable } from './printable.ts';
import { processTerminal, type Terminal } from './terminal.ts';
import { datesOf, type TokenDate } from './token-dates.ts';
import { tokenWarnings } from './token-warnings.ts';
import { verifySignature, type SignatureReport } from './verify-signature.ts';

export const usage = `usage: kube-ext-authz inspect [flags] [FILE]

Shows the header and the claims of a token, its dates in words, and what is wrong with it; never
its signature. The token is in FILE, or on standard input (no FILE, or -); never among the
arguments, where the shell's history would keep it. Nothing is sent anywhere.

  --keys FILE  checks the signature by the keys of a file: PEM (public keys, certificates) or a
               JWKS; exit code 1 when none of them has signed it
  -o FORMAT    text (the default) or json
`;

const options = {
  keys: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

interface Inspection {
  readonly header: DecodedToken['header'];
  readonly claims: DecodedToken['claims'];
  readonly dates: Readonly<Record<string, TokenDate>>;
  readonly warnings: readonly string[];
  /** Absent when no keys were given. */
  readonly signature?: SignatureReport;
}

export async function run(args: readonly string[], terminal = processTerminal()): Promise<number> {
  const { flags, positionals } = parseFlags(args, options, 1);
  const format = choice(flags.output, 'output', ['text', 'json']);
  const token = decodeToken(await readToken(positionals[0] ?? '-', terminal));
  const nowMs = terminal.now();
  const now = Math.floor(nowMs / 1000);
  const { header, claims } = token;
  const inspection: Inspection = {
    header,
    claims,
    dates: datesOf(claims, now),
    warnings: tokenWarnings(token, now),
    ...(flags.keys !== undefined && { signature: await verifySignature(token, flags.keys, nowMs) }),
  };
  terminal.print(
    format === 'json' ? `${JSON.stringify(inspection, undefined, 2)}\n` : describe(inspection),
  );
  return inspection.signature?.isValid === false ? 1 : 0;
}

async function readToken(place: string, terminal: Terminal): Promise<string> {
  if (place === '-') return terminal.readInput();
  if (/^(?:bearer\s|eyJ)/i.test(place) && !existsSync(place)) {
    throw new UsageError(
      'the token itself is among the arguments, and so in the history of the shell: give it on standard input, or in a file',
    );
  }
  return readNamedFile(place, 'inspect');
}

function describe({ header, claims, dates, warnings, signature }: Inspection): string {
  const noted = Object.fromEntries(
    Object.entries(dates).map(([name, { at, words }]) => [name, `  ${at}, ${words}`]),
  );
  const checked = signature?.words ?? 'not checked; --keys FILE checks it';
  return [
    'header',
    ...members(header, {}),
    'claims',
    ...members(claims, noted),
    `signature: ${checked}`,
    ...(warnings.length === 0 ? [] : ['warnings', ...warnings.map((one) => `  - ${one}`)]),
    '',
  ].join('\n');
}

function members(
  values: Readonly<Record<string, unknown>>,
  notes: Readonly<Record<string, string>>,
): readonly string[] {
  const names = Object.keys(values);
  const width = Math.max(0, ...names.map((name) => printable(name).length));
  return names.map((name) => {
    const note = Object.hasOwn(notes, name) ? notes[name] : '';
    return `  ${printable(name).padEnd(width)}  ${printable(JSON.stringify(values[name]))}${note}`;
  });
}
