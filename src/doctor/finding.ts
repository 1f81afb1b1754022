// What a doctor says: a rule that is broken, where, and what to do about it.
import { isSet, isTrue, type Field } from './field.ts';

export const severities = ['error', 'warning', 'info'] as const;

/** error: a way in, a leak, or it can't work; warning: it works until it doesn't; info: good to know. */
export type Severity = (typeof severities)[number];

/** One rule, a pure function over what was looked at. */
export interface Rule<Subject> {
  /** Never given to another rule. */
  readonly id: string;
  /** Of its findings, unless one of them says otherwise. */
  readonly severity: Severity;
  /** What must be so. */
  readonly title: string;
  readonly why: string;
  readonly fix: string;
  /** Where to read on: a URL. */
  readonly source: string;
  readonly check: (subject: Subject) => readonly Broken[];
}

/** One place where a rule is broken. */
export interface Broken {
  readonly field: Field;
  /** What is there; the rule's own texts tell why that is wrong. */
  readonly found: string;
  readonly severity?: Severity;
}

export interface Finding extends Pick<Rule<never>, 'id' | 'title' | 'why' | 'fix' | 'source'> {
  readonly severity: Severity;
  readonly found: string;
  /** The file, the URL or the part that was looked at. */
  readonly in: string;
  /** Path of the field in it; empty: the whole. */
  readonly field: string;
  /** Counted from 1, where there are lines. */
  readonly line?: number | undefined;
}

/** Where findings are, as a person would look for them. */
export interface Place {
  readonly name: string;
  readonly describe: (field: Field) => Pick<Finding, 'field' | 'line'>;
}

/** What each rule finds, in the order of the rules. */
export function findingsOf<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
  place: Place,
): readonly Finding[] {
  return rules.flatMap(({ check, severity, ...rule }) =>
    unrepeated(check(subject)).map(({ field, found, severity: own = severity }) => ({
      ...rule,
      severity: own,
      found,
      in: place.name,
      ...place.describe(field),
    })),
  );
}

/** Several routes may share what is wrong. */
function unrepeated(all: readonly Broken[]): readonly Broken[] {
  const keyOf = ({ field, found }: Broken): string => JSON.stringify([field.path, found]);
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

/** For a rule with one place at most: broken when `found` says something. */
export function brokenIf(isBroken: boolean, field: Field, found: string): readonly Broken[] {
  return isBroken ? [{ field, found }] : [];
}

/** Broken when the field is true. */
export function brokenIfTrue(field: Field): readonly Broken[] {
  return brokenIf(isTrue(field), field, 'it is true');
}

/** Broken when the field is there. */
export function brokenIfSet(field: Field): readonly Broken[] {
  return brokenIf(isSet(field), field, 'it is set');
}

/** What stands in a field, for a sentence: never long, never a whole structure. */
export function shown({ value }: Field): string {
  if (value === undefined || value === null) return 'not set';
  if (typeof value === 'object') return 'set';
  return JSON.stringify(value).slice(0, 80);
}
