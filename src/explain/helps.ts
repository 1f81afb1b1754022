// What would change a refusal: from what was found where it can be said, and always what docs/denials.md says of its reason.
import type { DenyReason } from '../denial/reasons.ts';
import type { AccessAttributes } from '../kube/access-attributes.ts';
import { isNear } from './near-url.ts';
import { grantsFor } from './questions.ts';
import { reasonTexts } from './reason-texts.ts';
import type { TokenTrace } from './token.ts';
import type { EntryTrace, Row, StepName } from './trace.ts';

export interface Found extends Pick<TokenTrace, 'entries' | 'proof' | 'issuerURL'> {
  /** What has to be granted. */
  readonly lacking: readonly AccessAttributes[];
}

/** Sentences, what is most to the point first. */
export function helpsFor(reason: DenyReason, found: Found): readonly string[] {
  return [...specific(reason, found), reasonTexts[reason].helps];
}

function specific(reason: DenyReason, found: Found): readonly string[] {
  if (reason === 'impersonation_denied') {
    return grantsFor(found.lacking, found.proof?.identity.username ?? '');
  }
  if (reason === 'issuer_unknown') return issuerHelps(found);
  if (reason === 'token_audience') return audienceHelps(found.entries);
  if (reason !== 'token_rule') return [];
  return (['claimRules', 'userRules'] as const).flatMap((step) => ruleHelps(found.entries, step));
}

function issuerHelps({ issuerURL, entries }: Found): readonly string[] {
  if (issuerURL === undefined) return [];
  const wanted = JSON.stringify(issuerURL);
  const near = entries.filter(({ issuer }) => isNear(issuer, issuerURL));
  if (near.length === 0) return [`an entry whose issuer.url is ${wanted}`];
  return near.map(
    ({ name, issuer }) =>
      `in the entry ${name} an issuer.url that is ${wanted}, not ${JSON.stringify(issuer)}`,
  );
}

function audienceHelps(entries: readonly EntryTrace[]): readonly string[] {
  const rows = refusedRows(entries, 'audience');
  if (rows.length === 0) return []; // it is a distributed claim's
  const of = (name: string): string =>
    rows
      .filter((row) => row.name === name)
      .flatMap(({ value = [] }) => value)
      .join(', ');
  return [`a token for ${of('audiences')}, or issuer.audiences that name one of: ${of('aud')}`];
}

function ruleHelps(entries: readonly EntryTrace[], step: StepName): readonly string[] {
  return refusedRows(entries, step)
    .filter(({ outcome }) => outcome === 'refused')
    .map(({ name }) => `a token for which this is true: ${name}`);
}

function refusedRows(entries: readonly EntryTrace[], step: StepName): readonly Row[] {
  const steps = entries.flatMap((entry) => entry.steps);
  return steps
    .filter((one) => one.step === step && one.outcome === 'refused')
    .flatMap(({ rows }) => rows);
}
