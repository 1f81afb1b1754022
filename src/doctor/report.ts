// Findings as text for people, or as JSON.
import { severities, type Finding, type Severity } from './finding.ts';

export interface Report {
  readonly findings: readonly Finding[];
  /** How many rules were asked. */
  readonly rules: number;
}

const headings: Readonly<Record<Severity, string>> = {
  error: 'ERRORS',
  warning: 'WARNINGS',
  info: 'GOOD TO KNOW',
};

const colours: Readonly<Record<Severity, string>> = { error: '31', warning: '33', info: '36' };

/** By severity, the worst first; colours only when asked for. */
export function textReport({ findings, rules }: Report, isColoured: boolean): string {
  const groups = severities.flatMap((severity) => {
    const own = findings.filter((one) => one.severity === severity);
    if (own.length === 0) return [];
    const heading = `${headings[severity]} (${own.length})`;
    const shownHeading = isColoured ? `\u001B[1;${colours[severity]}m${heading}\u001B[0m` : heading;
    return [`${shownHeading}\n\n${own.map(findingText).join('\n')}`];
  });
  return `${[...groups, summary(findings, rules)].join('\n')}\n`;
}

function findingText(finding: Finding): string {
  const { id, title, found, why, fix, source, field, line } = finding;
  const place = `${finding.in}${line === undefined ? '' : `:${line}`}`;
  return [
    `${id}  Wanted: ${title}. Found: ${found}.`,
    `    at:  ${[place, field].filter((one) => one !== '').join(' ')}`,
    `    why: ${why}`,
    `    fix: ${fix}`,
    `    see: ${source}`,
    '',
  ]
    .map(printable)
    .join('\n');
}

function summary(findings: readonly Finding[], rules: number): string {
  const counts = countsOf(findings);
  const told = severities
    .filter((one) => counts[one] > 0)
    .map((one) => `${counts[one]} ${one}${counts[one] === 1 ? '' : 's'}`);
  return `${rules} rules: ${told.length === 0 ? 'nothing found' : told.join(', ')}`;
}

/** As one JSON document. */
export function jsonReport({ findings, rules }: Report): string {
  return `${JSON.stringify({ findings, summary: { rules, ...countsOf(findings) } }, undefined, 2)}\n`;
}

function countsOf(findings: readonly Finding[]): Readonly<Record<Severity, number>> {
  const count = (severity: Severity): number =>
    findings.filter((one) => one.severity === severity).length;
  return { error: count('error'), warning: count('warning'), info: count('info') };
}

/** Names come from files of others: nothing in them may move a cursor. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
}
