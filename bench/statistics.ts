/** Many numbers in few. */

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The nearest rank: a share of 0.99 gives a value that 99 % of the values are not above. NaN when there is none. */
export function percentile(values: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** To four digits. Of an even number of values the median is the middle of the two in the middle. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const half = sorted.length / 2;
  const [lower = Number.NaN, upper = lower] = sorted.slice(
    Math.ceil(half) - 1,
    Math.floor(half) + 1,
  );
  return {
    median: round((lower + upper) / 2),
    lowest: round(sorted[0] ?? Number.NaN),
    highest: round(sorted.at(-1) ?? Number.NaN),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
