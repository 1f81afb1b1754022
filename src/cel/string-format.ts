/** `string.format` (ext/formatting.go at v0.26.0): the clauses %s, %d, %b, %o, %x and %X; %f and %e, which group digits by locale, are refused. */
import { CelError } from './cel-error.ts';
import { formatText } from './format-text.ts';
import { define, list, text, type Overload } from './library.ts';
import { isTagged, iterated, type Value } from './value.ts';

export const stringFormat: readonly Overload[] = [
  define('string.format(list(dyn)): string', ([a, b]) => format(text(a), iterated(list(b)))),
];

export type Clause = 's' | 'd' | 'b' | 'o' | 'x' | 'X';

/** What each clause takes, by static type; the words are cel-go's. */
export const clauseRules: Readonly<Record<Clause, readonly [types: string, problem: string]>> = {
  s: [
    'string bool bytes int uint double map list type null_type google.protobuf.Duration google.protobuf.Timestamp',
    'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  ],
  d: ['int uint', 'decimal clause can only be used on integers'],
  b: ['int uint bool', 'only integers and bools can be formatted as binary'],
  o: ['int uint', 'octal clause can only be used on integers'],
  x: ['int uint string bytes', 'only integers, byte buffers, and strings can be formatted as hex'],
  X: ['int uint string bytes', 'only integers, byte buffers, and strings can be formatted as hex'],
};

const clause = /%(%|[^]?)/g;

/** The clauses of a format, in order; throws CelError for one that is not supported. */
export function clausesOf(form: string): readonly Clause[] {
  const letters = Array.from(form.matchAll(clause), ([, letter = '']) => letter);
  return letters.filter((letter) => letter !== '%').map(toClause);
}

function toClause(letter: string): Clause {
  if (isClause(letter)) return letter;
  if (letter === '') throw new CelError('unexpected end of string');
  if ('fe.'.includes(letter)) throw new CelError(`formatting clause "${letter}" is not supported`);
  throw new CelError(
    `could not parse formatting clause: unrecognized formatting clause "${letter}"`,
  );
}

function isClause(letter: string): letter is Clause {
  return Object.hasOwn(clauseRules, letter);
}

/** Values that no clause asks for are passed over, unless the expression shows that there are too many. */
function format(form: string, values: readonly Value[]): string {
  const shown = clausesOf(form).map((letter, index) => {
    const value = values[index];
    if (value === undefined) throw new CelError(`index ${index} out of range`);
    return formatAs(letter, value);
  });
  return form.replaceAll(clause, (_, letter: string) => {
    return letter === '%' ? '%' : (shown.shift() ?? '');
  });
}

function formatAs(letter: Clause, value: Value): string {
  if (letter === 's') return formatText(value);
  const number = wholeNumber(value);
  if (letter === 'd' && number !== undefined) return String(number);
  if (letter === 'o' && number !== undefined) return number.toString(8);
  if (letter === 'b') {
    if (number !== undefined) return number.toString(2);
    if (typeof value === 'boolean') return value ? '1' : '0';
  }
  if (letter === 'x' || letter === 'X') {
    const hex = number === undefined ? hexOfBytes(value) : number.toString(16);
    if (hex !== undefined) return letter === 'x' ? hex : hex.toUpperCase();
  }
  throw new CelError(`error during formatting: ${clauseRules[letter][1]}`);
}

function wholeNumber(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return isTagged(value, 'uint') ? value.value : undefined;
}

function hexOfBytes(value: Value): string | undefined {
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : undefined;
}
