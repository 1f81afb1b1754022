// Lines for people: marks, columns and, on a terminal, colours. Nothing of what is shown can act on the terminal.
import { printable } from '../cli/printable.ts';
import type { Outcome, Row } from './trace.ts';

export type Paint = (text: string, colour: Colour) => string;

export type Colour = 'good' | 'bad' | 'faint' | 'strong';

const codes: Readonly<Record<Colour, string>> = { good: '32', bad: '31', faint: '2', strong: '1' };

/** Paints on a terminal, and leaves text as it is elsewhere. */
export function createPaint(hasColours: boolean): Paint {
  return (text, colour) => (hasColours ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
}

const marks: Readonly<Record<Outcome, readonly [mark: string, colour: Colour]>> = {
  good: ['✓', 'good'],
  refused: ['✗', 'bad'],
  leftOut: ['–', 'faint'],
};

/** One mark, a name of a fixed width, and a sentence. */
export function markedLine(
  {
    outcome,
    name,
    says,
  }: { readonly outcome: Outcome; readonly name: string; readonly says: string },
  paint: Paint,
  width = 0,
): string {
  const [mark, colour] = marks[outcome];
  return `  ${paint(mark, colour)} ${printable(name).padEnd(width)}  ${printable(says)}`.trimEnd();
}

/** Names, values and where they come from, in columns; a list is a line for each value. */
export function rowLines(rows: readonly Row[], paint: Paint): readonly string[] {
  const names = widthOf(rows.map(({ name }) => printable(name)));
  const values = widthOf(rows.flatMap(valuesOf));
  return rows.flatMap((row) => {
    const [first = '', ...more] = valuesOf(row);
    const from =
      row.from === undefined || row.from === '' ? '' : paint(printable(row.from), 'faint');
    const [mark, colour] = row.outcome === undefined ? [' ', 'faint' as const] : marks[row.outcome];
    const start = `      ${paint(mark, colour)} ${printable(row.name).padEnd(names)}  `;
    const rest = `        ${''.padEnd(names)}  `;
    return [
      `${start}${first.padEnd(values)}  ${from}`.trimEnd(),
      ...more.map((one) => `${rest}${one}`.trimEnd()),
    ];
  });
}

/** One that is very long stands out of its column rather than to push all others away. */
function widthOf(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length).filter((length) => length <= 36));
}

function valuesOf({ value }: Row): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === 'string') return [value === '' ? '""' : printable(value)];
  return value.map((one) => (one === '' ? '""' : printable(one)));
}
