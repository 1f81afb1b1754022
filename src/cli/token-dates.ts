// The dates of a token in words that need no calendar.

export interface TokenDate {
  /** ISO 8601. */
  readonly at: string;
  /** Such as `expires in 42 s`. */
  readonly words: string;
}

/** Seconds since 1970 of a claim that is a date (RFC 7519 §2), or undefined. */
export function dateOf(
  claims: Readonly<Record<string, unknown>>,
  name: string,
): number | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'number' && Math.abs(value) < 8.64e12 ? value : undefined;
}

/** The dates that the claims have; `now` in seconds. */
export function datesOf(
  claims: Readonly<Record<string, unknown>>,
  now: number,
): Readonly<Record<string, TokenDate>> {
  const phrases: Readonly<Record<string, (seconds: number) => string>> = {
    iat: (away) =>
      away <= 0 ? `issued ${span(-away)} ago` : `issued in the future, in ${span(away)}`,
    nbf: (away) => (away <= 0 ? `began ${span(-away)} ago` : `begins in ${span(away)}`),
    exp: (away) => (away > 0 ? `expires in ${span(away)}` : `expired ${span(-away)} ago`),
  };
  const dates = Object.entries(phrases).flatMap(([name, phrase]): [string, TokenDate][] => {
    const seconds = dateOf(claims, name);
    if (seconds === undefined) return [];
    const at = new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
    return [[name, { at, words: phrase(Math.trunc(seconds) - now) }]];
  });
  return Object.fromEntries(dates);
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;

/** A length of time in its two largest units: `42 s`, `3 min 5 s`, `2 d 4 h`. */
export function span(seconds: number): string {
  let rest = Math.trunc(seconds);
  const parts = units.map(([unit, size]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return { unit, amount };
  });
  const first = parts.findIndex(({ amount }) => amount > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(({ amount }) => amount > 0)
    .map(({ unit, amount }) => `${amount} ${unit}`)
    .join(' ');
}
