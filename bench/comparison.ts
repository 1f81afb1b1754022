/**
 * Measures several ways to the same answer side by side: in alternating rounds, so that whatever else the machine does meets all of
 * them, and as ratios of rounds that were neighbours.
 */
import { toFigures, type LegFigures, type Sample } from './figures.ts';
import type { EncodedRequest } from './http2-frames.ts';
import type { LoadGenerator } from './load-generator.ts';
import type { LoadOrder } from './load.ts';
import { cpuSeconds } from './process-cost.ts';

export interface Contest {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  readonly legs: readonly Leg[];
  readonly inFlight: number;
  /** Requests a leg and round. */
  readonly total: number;
  readonly rounds: number;
  /** Rounds before the ones that count. */
  readonly warmUps: number;
}

export interface Leg extends Pick<LoadOrder, 'target' | 'good'> {
  readonly name: string;
  /** What is sent in a round. */
  readonly requests: (round: number) => readonly EncodedRequest[];
  /** The processes that serve it, by name; one that serves several legs is idle in the others' rounds. */
  readonly processes: Readonly<Record<string, number>>;
}

export interface Comparison extends Omit<Contest, 'legs'> {
  readonly legs: readonly LegFigures[];
}

/** Runs all rounds of a contest, every second one in reverse order. */
export async function compare(contest: Contest, load: LoadGenerator): Promise<Comparison> {
  const { legs, ...rest } = contest;
  const { total, inFlight, rounds, warmUps } = contest;
  const samples = new Map<Leg, Sample[]>(legs.map((leg) => [leg, []]));
  for (let round = 0; round < warmUps + rounds; round += 1) {
    for (const leg of round % 2 === 0 ? legs : legs.toReversed()) {
      const { target, good } = leg;
      const order = { target, good, requests: leg.requests(round), total, inFlight };
      const sample = await measure(leg, order, load);
      if (round >= warmUps) samples.get(leg)?.push(sample);
    }
  }
  const rows = legs.map((leg) => ({ name: leg.name, samples: samples.get(leg) ?? [] }));
  return { ...rest, legs: toFigures(rows, total) };
}

async function measure(leg: Leg, order: LoadOrder, load: LoadGenerator): Promise<Sample> {
  const before = cpuOf(leg);
  const outcome = await load.run(order).catch((error: unknown) => {
    throw new Error(`${leg.name}: ${String(error)}`, { cause: error });
  });
  const after = cpuOf(leg);
  const spent = Object.keys(leg.processes).map((name) => {
    const [from, to] = [before[name], after[name]];
    return [name, from === undefined || to === undefined ? undefined : to - from] as const;
  });
  return { ...outcome, cpu: Object.fromEntries(spent) };
}

function cpuOf({ processes }: Leg): Sample['cpu'] {
  return Object.fromEntries(
    Object.entries(processes).map(([name, pid]) => [name, cpuSeconds(pid)]),
  );
}
