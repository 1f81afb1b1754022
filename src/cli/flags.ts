// Flags of a command line, read so that no value of one is ever quoted: it may be a secret put in the wrong place.
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { errorMessage } from '../lib/error-message.ts';

/** The command line was not understood: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export type FlagOptions = NonNullable<ParseArgsConfig['options']>;

export type Flags<O extends FlagOptions> = ReturnType<
  typeof parseArgs<{ options: O; strict: true; allowPositionals: boolean }>
>['values'];

interface Parsed<O extends FlagOptions> {
  readonly flags: Flags<O>;
  readonly positionals: readonly string[];
}

/** Reads flags; `maxPositionals` arguments may stand beside them (default none). Throws UsageError. */
export function parseFlags<const O extends FlagOptions>(
  args: readonly string[],
  options: O,
  maxPositionals = 0,
): Parsed<O> {
  const { values, positionals, tokens } = parseStrictly(args, options);
  if (positionals.length > maxPositionals) {
    throw new UsageError(
      maxPositionals === 0
        ? 'there is an argument that belongs to no flag; quote values that have spaces in them'
        : 'there are more arguments than this command takes',
    );
  }
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (seen.has(token.name) && options[token.name]?.multiple !== true) {
      throw new UsageError(`--${token.name} is there more than once`);
    }
    seen.add(token.name);
    if (token.value === '') {
      throw new UsageError(`--${token.name} is empty; is a variable of the shell not set?`);
    }
  }
  return { flags: values, positionals };
}

function parseStrictly<const O extends FlagOptions>(args: readonly string[], options: O) {
  try {
    const given = { args: [...args], options, tokens: true, strict: true } as const;
    return parseArgs({ ...given, allowPositionals: true });
  } catch (error) {
    // The first sentence names the flag; the next ones are about what nobody wants.
    throw new UsageError(errorMessage(error).split(/\.(?=\s|$)|\n/)[0] ?? '', { cause: error });
  }
}

/** The value of a flag that must be there. Throws UsageError. */
export function required(value: string | undefined, flag: string): string {
  if (value === undefined) throw new UsageError(`--${flag} is missing`);
  return value;
}

/** The value when it is one of the choices, or the first of them when there is none. Throws UsageError. */
export function choice<const T extends string>(
  value: string | undefined,
  flag: string,
  choices: readonly [T, ...T[]],
): T {
  if (value === undefined) return choices[0];
  const found = choices.find((one) => one === value);
  if (found === undefined) throw new UsageError(`--${flag} must be ${choices.join(' or ')}`);
  return found;
}

/** A whole number within bounds, or the default when there is none. Throws UsageError. */
export function wholeNumber(
  value: string | undefined,
  flag: string,
  {
    min,
    max,
    otherwise,
  }: { readonly min: number; readonly max: number; readonly otherwise: number },
): number {
  if (value === undefined) return otherwise;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${flag} must be a whole number from ${min} to ${max}`);
}
