/** From the samples of a comparison's rounds to its figures and ratios. */
import type { LoadOutcome } from './load.ts';
import { spreadOf, type Spread } from './statistics.ts';

/** One round of one leg. */
export interface Sample extends LoadOutcome {
  /** Seconds that each serving process was on a core; undefined: the system doesn't tell. */
  readonly cpu: Readonly<Record<string, number | undefined>>;
}

export interface LegFigures {
  readonly name: string;
  readonly perSecond: Spread;
  readonly p50Ms: Spread;
  readonly p99Ms: Spread;
  /** Microseconds of processor time a request, by process; null: the system doesn't tell. */
  readonly cpuMicros: Readonly<Record<string, Spread | null>>;
  /** Share of the time that the load generator was on a core: near 1 it would be what is measured. */
  readonly loadGeneratorBusy: Spread;
  /** What becomes of the first leg's figures, and of those of the leg before this one: this by that, round by round. */
  readonly toFirst: Ratios;
  readonly toPrevious: Ratios;
}

export interface Ratios {
  readonly perSecond: Spread | null;
  readonly p50Ms: Spread | null;
  readonly p99Ms: Spread | null;
  /** Of all the processes that serve, together. */
  readonly cpu: Spread | null;
}

export interface Row {
  readonly name: string;
  /** In the order of the rounds. */
  readonly samples: readonly Sample[];
}

/** The figures of each leg; `total` is the number of requests in a sample. */
export function toFigures(rows: readonly Row[], total: number): readonly LegFigures[] {
  return rows.map(({ name, samples }, index) => ({
    name,
    perSecond: spreadOf(samples.map(({ seconds }) => total / seconds)),
    p50Ms: spreadOf(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: spreadOf(samples.map(({ p99Ms }) => p99Ms)),
    cpuMicros: cpuMicros(samples, total),
    loadGeneratorBusy: spreadOf(samples.map(({ cpuSeconds, seconds }) => cpuSeconds / seconds)),
    toFirst: ratios(samples, rows[0]?.samples ?? []),
    toPrevious: ratios(samples, rows[Math.max(0, index - 1)]?.samples ?? []),
  }));
}

function cpuMicros(samples: readonly Sample[], total: number): LegFigures['cpuMicros'] {
  const names = Object.keys(samples[0]?.cpu ?? {});
  const micros = (name: string): Spread | null =>
    knownSpread(samples.map(({ cpu }) => ((cpu[name] ?? Number.NaN) * 1e6) / total));
  return Object.fromEntries(names.map((name) => [name, micros(name)]));
}

function ratios(own: readonly Sample[], others: readonly Sample[]): Ratios {
  const by = (figure: (sample: Sample) => number): Spread | null =>
    knownSpread(own.map((sample, round) => quotient(figure(sample), others[round], figure)));
  return {
    perSecond: by(({ seconds }) => 1 / seconds),
    p50Ms: by(({ p50Ms }) => p50Ms),
    p99Ms: by(({ p99Ms }) => p99Ms),
    cpu: by(({ cpu }) =>
      Object.values(cpu).reduce<number>((sum, one) => sum + (one ?? Number.NaN), 0),
    ),
  };
}

function quotient(
  dividend: number,
  other: Sample | undefined,
  figure: (sample: Sample) => number,
): number {
  return other ? dividend / figure(other) : Number.NaN;
}

/** Null when the system didn't tell, or a round was shorter than what it can tell. */
function knownSpread(values: readonly number[]): Spread | null {
  return values.every((value) => Number.isFinite(value)) ? spreadOf(values) : null;
}
