// The registered claims of a token in words that need no calendar.
import { datesOf } from '../cli/token-dates.ts';
import type { Claims } from '../identity/claims.ts';
import type { Row } from './trace.ts';

/** What the token and its entry say about audiences. */
export function audienceRows({ aud }: Claims, accepted: readonly string[]): readonly Row[] {
  return [
    { name: 'aud', value: textsOf(aud), from: 'the token' },
    { name: 'audiences', value: accepted, from: 'the entry' },
  ];
}

/** iat, nbf and exp as far as they are there; `now` in seconds. */
export function dateRows(claims: Claims, now: number): readonly Row[] {
  const dates = Object.entries(datesOf(claims, Math.floor(now)));
  return dates.map(([name, { at, words }]) => ({ name, value: at, from: words }));
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value)
    ? value
    : value === undefined
      ? []
      : [value];
  return list.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
}
