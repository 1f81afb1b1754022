/** The results as a person reads them on a terminal. */
import type { Comparison } from './comparison.ts';
import type { LegFigures } from './figures.ts';
import type { MemoryUse } from './measured-server.ts';
import type { Results } from './results.ts';
import type { Spread } from './statistics.ts';

interface Column {
  readonly title: string;
  readonly cell: (leg: LegFigures) => string;
}

/** The whole report; `file` is where the rest of it is. */
export function renderReport(results: Results, file: string): string {
  const { checks, throughEnvoy } = results;
  return [
    heading(results),
    ...checks.comparisons.map((one) => renderComparison(one, figures)),
    ...(throughEnvoy?.comparisons ?? []).map((one) => renderComparison(one, stepFigures)),
    ...(throughEnvoy ? [] : ['Envoy was left out: not all of its parts are there.\n']),
    memory(results),
    manyTokens(results),
    legend(results),
    `Every figure: ${file}\n`,
  ].join('\n');
}

function heading({ machine, quick }: Results): string {
  const { cores, cpu, node, envoy, kubeApiserver, loadAverage } = machine;
  const programs = [
    `Node ${node}`,
    ...(envoy === null ? [] : [`Envoy ${envoy}`]),
    ...(kubeApiserver === null ? [] : [`kube-apiserver ${kubeApiserver}`]),
  ];
  const lines = [`${cores} cores (${cpu}), load average ${loadAverage}; ${programs.join(', ')}`];
  if (quick)
    lines.push('A quick run: it shows that the benchmark works, its figures mean nothing.');
  return `${lines.join('\n')}\n`;
}

const figures: readonly Column[] = [
  { title: '', cell: ({ name }) => name },
  { title: 'a second', cell: ({ perSecond }) => spread(perSecond, 0) },
  { title: 'p50 ms', cell: ({ p50Ms }) => p50Ms.median.toFixed(2) },
  { title: 'p99 ms', cell: ({ p99Ms }) => p99Ms.median.toFixed(2) },
  { title: 'CPU µs', cell: ({ cpuMicros }) => sumOf(cpuMicros) },
  { title: 'speed', cell: ({ toFirst }) => ratio(toFirst.perSecond) },
  { title: 'p50', cell: ({ toFirst }) => ratio(toFirst.p50Ms) },
  { title: 'CPU', cell: ({ toFirst }) => ratio(toFirst.cpu) },
];

const stepFigures: readonly Column[] = [
  ...figures,
  { title: 'step: speed', cell: ({ toPrevious }) => ratio(toPrevious.perSecond) },
  { title: 'p50', cell: ({ toPrevious }) => ratio(toPrevious.p50Ms) },
  { title: 'CPU', cell: ({ toPrevious }) => ratio(toPrevious.cpu) },
];

function renderComparison(comparison: Comparison, columns: readonly Column[]): string {
  const { title, legs, total, rounds } = comparison;
  const rows = [
    columns.map((column) => column.title),
    ...legs.map((leg) => columns.map(({ cell }) => cell(leg))),
  ];
  const shares = legs.flatMap(({ name, cpuMicros }) =>
    Object.keys(cpuMicros).length > 1 ? [`  ${name}: ${sharesOf(cpuMicros)}`] : [],
  );
  return [`${title} (${rounds} rounds of ${total})`, ...align(rows), ...shares, ''].join('\n');
}

/** The first column to the left, the others to the right. */
function align(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows.map((row) => {
    const cells = row.map((cell, at) =>
      at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
    );
    return `  ${cells.join('  ')}`;
  });
}

function spread({ median, lowest, highest }: Spread, digits: number): string {
  return `${median.toFixed(digits)} [${lowest.toFixed(digits)}–${highest.toFixed(digits)}]`;
}

function ratio(value: Spread | null): string {
  return value ? `×${value.median.toFixed(2)}` : '?';
}

function sumOf(micros: LegFigures['cpuMicros']): string {
  const medians = Object.values(micros).map((one) => one?.median ?? Number.NaN);
  const sum = medians.reduce((total, one) => total + one, 0);
  return Number.isNaN(sum) ? '?' : sum.toFixed(0);
}

function sharesOf(micros: LegFigures['cpuMicros']): string {
  const shares = Object.entries(micros).map(
    ([name, one]) => `${name} ${one ? one.median.toFixed(0) : '?'}`,
  );
  return `CPU µs ${shares.join(', ')}`;
}

function memory({ checks }: Results): string {
  const { oursWhenReady, oursAfterKnownToken, oursAtEnd, bareAtEnd, distinctTokens } =
    checks.memory;
  return [
    'resident memory',
    `  kube-ext-authz when ready ${mib(oursWhenReady)}, after the known token ${mib(oursAfterKnownToken)}, after ${distinctTokens} different tokens ${mib(oursAtEnd)}`,
    `  bare grpc-js at the end ${mib(bareAtEnd)}`,
    '',
  ].join('\n');
}

function manyTokens({ manyTokens: measured }: Results): string {
  const { distinctTokens, remembered, before, whenFull, after, heapBytesPerToken } = measured;
  return [
    `memory, garbage collected, and ${distinctTokens} different tokens`,
    ...align([
      ['', 'resident', 'heap'],
      memoryRow('before', before),
      memoryRow(`when ${remembered} are remembered`, whenFull),
      memoryRow(`after all ${distinctTokens}`, after),
    ]),
    `  a remembered token takes ${(heapBytesPerToken / 1024).toFixed(2)} KiB of heap`,
    '',
  ].join('\n');
}

function memoryRow(title: string, { resident, heap }: MemoryUse): readonly string[] {
  return [title, ...[resident, heap].map((bytes) => `${(bytes / 1024 ** 2).toFixed(1)} MiB`)];
}

function mib(value: number | null): string {
  return value === null ? '?' : `${value.toFixed(0)} MiB`;
}

function legend({ checks, throughEnvoy }: Results): string {
  const comparisons = [...checks.comparisons, ...(throughEnvoy?.comparisons ?? [])];
  const busy = comparisons.flatMap(({ legs }) => legs.map((leg) => leg.loadGeneratorBusy.highest));
  return [
    'Medians; [lowest–highest] of the rounds. CPU: processor time of the serving processes, a request.',
    '×: ratio to the first line; step: to the line above. Compare ratios: times are of this machine now.',
    `The load generator took ${Math.round(Math.max(...busy) * 100)} % of a core at most.`,
  ].join('\n');
}
