// How each claim finds its way into the identity, and what each rule makes of it, for people to read.
import { Denial } from '../denial/denial.ts';
import { ownClaim, type Claims } from '../identity/claims.ts';
import { evaluateRules, type Rule } from '../identity/expressions.ts';
import type { Identity } from '../identity/identity.ts';
import {
  checkRequiredClaims,
  mapExtra,
  mapGroups,
  mapUID,
  mapUsername,
  type ClaimMappings,
} from '../identity/map-claims.ts';
import { sentenceOf } from './recorder.ts';
import type { Row } from './trace.ts';

type Source = NonNullable<ClaimMappings['username'] | ClaimMappings['uid']>;

/** One row for each part that is mapped, in the order in which they are; a part that can't be has what is wrong for a value. */
export function mappingRows(claims: Claims, mappings: ClaimMappings): readonly Row[] {
  const { username, groups, uid, extra } = mappings;
  const jti = ownClaim(claims, 'jti');
  return [
    row('username', sourceOf(username), () => mapUsername(claims, username)),
    ...(groups ? [row('groups', sourceOf(groups), () => mapGroups(claims, groups))] : []),
    ...(uid ? [row('uid', sourceOf(uid), () => mapUID(claims, uid))] : []),
    ...extra.map((one) =>
      row(`extra ${one.key}`, sourceOf(one), () => mapExtra(claims, [one])[one.key] ?? []),
    ),
    ...(typeof jti === 'string' && jti !== ''
      ? Object.entries(mapExtra({ jti }, [])).map(([key, value]) =>
          row(`extra ${key}`, 'claim "jti"', () => value),
        )
      : []),
  ];
}

function row(name: string, from: string, map: () => string | readonly string[]): Row {
  try {
    return { name, value: map(), from, outcome: 'good' };
  } catch (error) {
    return { name, value: sentenceOf(error), from, outcome: 'refused' };
  }
}

function sourceOf(source: Source): string {
  if ('expression' in source) return `expression ${source.expression.source}`;
  const prefix = 'prefix' in source && source.prefix !== '' ? source.prefix : undefined;
  return `claim ${JSON.stringify(source.claim)}${prefix === undefined ? '' : `, prefix ${JSON.stringify(prefix)}`}`;
}

/** One row for each claim that must have a value. */
export function requiredRows(
  claims: Claims,
  required: ClaimMappings['requiredClaims'],
): readonly Row[] {
  return required.map((one) =>
    row(one.claim, `must be ${JSON.stringify(one.requiredValue)}`, () => {
      checkRequiredClaims(claims, [one]);
      return 'it is';
    }),
  );
}

/** One row for each rule, whatever becomes of the others. */
export function ruleRows(rules: readonly Rule[], value: Claims | Identity): readonly Row[] {
  return rules.map(({ expression, message }) => ({
    name: expression.source,
    from: message,
    ...resultOf({ expression, message }, value),
  }));
}

function resultOf(rule: Rule, about: Claims | Identity): Pick<Row, 'value' | 'outcome'> {
  try {
    evaluateRules([rule], about);
    return { value: 'true', outcome: 'good' };
  } catch (error) {
    const isFalse = error instanceof Denial && error.reason === 'token_rule';
    return { value: isFalse ? 'false' : sentenceOf(error), outcome: 'refused' };
  }
}
