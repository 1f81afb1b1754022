import { Denial } from '../denial/denial.ts';
import type { Claims } from '../identity/claims.ts';

// The rules of go-oidc v2.5.0's verify.go, which kube-apiserver v1.36.3 uses:
// exp is required and has no leeway, nbf has a minute, iat must be a date but is not compared.

const notBeforeLeewaySeconds = 60;

/** Checks aud, exp, nbf and iat; `now` in seconds. Returns exp in seconds. Throws Denial. */
export function checkRegisteredClaims(
  claims: Claims,
  audiences: readonly string[],
  now: number,
): number {
  checkAudience(claims, audiences);
  return checkDates(claims, now);
}

/** Whether it is for one of the audiences. Throws Denial. */
export function checkAudience(claims: Claims, audiences: readonly string[]): void {
  if (audienceOf(claims['aud']).some((one) => audiences.includes(one))) return;
  throw new Denial('token_audience', 'the token was issued for another audience');
}

/** Checks exp, nbf and iat; `now` in seconds. Returns exp in seconds. Throws Denial. */
export function checkDates(claims: Claims, now: number): number {
  const expiry = numericDate('exp', claims['exp'] ?? null);
  if (expiry < now) {
    throw new Denial('token_expired', `the token expired ${ago(now - expiry)} ago; get a new one`);
  }
  const notBefore = claims['nbf'] ?? undefined;
  if (notBefore !== undefined) {
    const early = numericDate('nbf', notBefore) - now;
    if (early > notBeforeLeewaySeconds) {
      throw new Denial(
        'token_not_yet_valid',
        `the token becomes valid in ${ago(early)}; check the clocks of the issuer and this proxy`,
      );
    }
  }
  if (Object.hasOwn(claims, 'iat')) numericDate('iat', claims['iat']);
  return expiry;
}

function audienceOf(value: unknown): readonly string[] {
  // A JSON null in a list of strings reads as "" in Go.
  const audiences = Array.isArray(value) ? value.map((one: unknown) => one ?? '') : [value];
  if (audiences.every((one) => typeof one === 'string')) return audiences;
  throw new Denial(
    'token_audience',
    'the token does not say for whom it was issued: its claim "aud" must be a string or a list of strings',
  );
}

interface Lifetime {
  /** Seconds since 1970. */
  readonly expiry: number;
  readonly now: number;
  readonly longestMs: number | undefined;
}

/** Refuses a token that was made for longer than `longestMs`: exp − iat, without iat exp − now. Throws Denial. */
export function checkLifetime(claims: Claims, { expiry, now, longestMs }: Lifetime): void {
  if (longestMs === undefined) return;
  const issued = Object.hasOwn(claims, 'iat') ? numericDate('iat', claims['iat']) : now;
  if (issued > now) {
    throw new Denial(
      'token_lifetime',
      'the token says that it was issued in the future; check the clocks of the issuer and this proxy',
    );
  }
  if ((expiry - issued) * 1000 <= longestMs) return;
  throw new Denial(
    'token_lifetime',
    `the token is made for ${ago(expiry - issued)}, and at most ${ago(longestMs / 1000)} are accepted of its issuer; ask for a shorter one`,
  );
}

const numeric = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** Beyond it Go's clock wraps, and what lies far ahead is long ago. */
const latest = 9.223_371_9e18;

/** RFC 7519 §2; like go-oidc, a number in a string counts and a fraction is cut off. */
function numericDate(claim: string, value: unknown): number {
  const seconds = typeof value === 'string' && numeric.test(value) ? Number(value) : value;
  if (typeof seconds === 'number' && Math.abs(seconds) < latest) return Math.trunc(seconds);
  throw new Denial('token_claim', `the token's claim "${claim}" is missing or not a date`);
}

function ago(seconds: number): string {
  const [amount, unit] =
    seconds < 90
      ? [Math.ceil(seconds), 'second']
      : seconds < 5_400
        ? [Math.round(seconds / 60), 'minute']
        : seconds < 129_600
          ? [Math.round(seconds / 3_600), 'hour']
          : [Math.round(seconds / 86_400), 'day'];
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}
