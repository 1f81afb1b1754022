/** Shows errors as cel-go does (common/error.go): line and column, the line itself, and a mark under the place. */
import { CelErrors, type CelError } from './cel-error.ts';

/** One after the other, in the order of their places; an error without a place is its message alone. */
export function showErrors(source: string, error: CelError): string {
  const all = error instanceof CelErrors ? error.all : [error];
  return all
    .toSorted((one, other) => (one.at ?? 0) - (other.at ?? 0))
    .map(({ message, at }) => (at === undefined ? message : showAt(source, message, at)))
    .join('\n');
}

function showAt(source: string, message: string, at: number): string {
  const before = source.slice(0, at).split('\n');
  const start = at - (before.at(-1) ?? '').length;
  const line = Array.from((source.slice(start).split('\n', 1)[0] ?? '').replaceAll('\t', ' '));
  const column = Array.from(source.slice(start, at)).length;
  const dots = line.slice(0, column).map((letter) => (isWide(letter) ? '\uff0e' : '.'));
  const mark = isWide(line[column] ?? '') ? '\uff3e' : '^';
  const place = `${before.length}:${column + 1}`;
  return `ERROR: <input>:${place}: ${message}\n | ${line.join('')}\n | ${dots.join('')}${mark}`;
}

/** More than one byte of UTF-8. */
function isWide(letter: string): boolean {
  return letter > '\u007f';
}
