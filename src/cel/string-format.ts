/** `string.format`, for texts and whole numbers; the other clauses of cel-go's are refused. */
import { CelError } from './cel-error.ts';
import { define, list, text, type Overload } from './library.ts';
import { isTagged, type Value } from './value.ts';

export const stringFormat: readonly Overload[] = [
  define('string.format(list(dyn)): string', ([a, b]) => format(text(a), list(b))),
];

const clause = /%(%|[sd]|$|[^])/g;

/** The clauses of a format, in order; throws CelError for one that is not supported. */
export function clausesOf(form: string): readonly string[] {
  const clauses = Array.from(form.matchAll(clause), ([, one = '']) => one);
  if (clauses.some((one) => one !== '%' && one !== 's' && one !== 'd')) {
    throw new CelError('a formatting clause that is not supported');
  }
  return clauses.filter((one) => one !== '%');
}

function format(form: string, args: readonly Value[]): string {
  if (clausesOf(form).length !== args.length) {
    throw new CelError('as many arguments as formatting clauses are needed');
  }
  let next = 0;
  return form.replaceAll(clause, (_, kind: string) => {
    if (kind === '%') return '%';
    const value = args[next];
    next += 1;
    return kind === 'd' ? whole(value) : shown(value);
  });
}

function whole(value: Value | undefined): string {
  if (typeof value === 'bigint') return String(value);
  if (isTagged(value, 'uint')) return String(value.value);
  throw new CelError('a whole number is needed for %d');
}

function shown(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value === null) return 'null';
  if (isTagged(value, 'uint')) return String(value.value);
  throw new CelError('a value that %s is not supported for');
}
