// What is wrong with a token, or will be once it is used.
import { parseCompactToken } from '../token/compact-token.ts';
import { errorMessage } from '../lib/error-message.ts';
import { algorithms } from './algorithms.ts';
import type { DecodedToken } from './decoded-token.ts';
import { dateOf, span } from './token-dates.ts';

/** From this on a stolen token is good for long; the tokens of people's logins usually stay below. */
const longSeconds = 24 * 3_600;

/** One sentence for each fault; `now` in seconds. */
export function tokenWarnings(token: DecodedToken, now: number): readonly string[] {
  return [
    ...signingWarnings(token),
    ...claimWarnings(token.claims),
    ...dateWarnings(token.claims, now),
    ...formWarnings(token),
  ];
}

function signingWarnings({ header, isSigned }: DecodedToken): readonly string[] {
  const { alg, crit } = header;
  const found: string[] = [];
  if (typeof alg !== 'string') found.push('no alg: nobody can tell how it is signed');
  else if (alg.toLowerCase() === 'none') {
    found.push('alg none: it is not signed, anybody can have written it, and it is refused');
  } else if (alg.startsWith('HS')) {
    found.push(`alg ${alg}: whoever can verify it can also make one; it is refused`);
  } else if (!algorithms.includes(alg)) found.push('alg: it is none that is accepted');
  if (!isSigned) found.push('no signature: the third part is empty');
  if (crit !== undefined)
    found.push('crit: it demands extensions that are not known, and is refused');
  return found;
}

function claimWarnings(claims: DecodedToken['claims']): readonly string[] {
  const has = (name: string): boolean => (claims[name] ?? undefined) !== undefined;
  const found: string[] = [];
  if (!has('iss')) found.push('no iss: no issuer is found for it, and it is refused');
  if (!has('aud')) found.push('no aud: it is for nobody, and refused');
  if (!has('sub')) found.push('no sub: nothing says who comes, unless another claim is mapped');
  if (!has('jti')) found.push('no jti: its uses cannot be told apart in audit logs');
  if (!has('exp')) found.push('no exp: it would never end, and is refused');
  if (!has('iat')) found.push('no iat: maxTokenLifetime counts from when it is used');
  return found;
}

function dateWarnings(claims: DecodedToken['claims'], now: number): readonly string[] {
  const [exp, iat, nbf] = ['exp', 'iat', 'nbf'].map((name) => dateOf(claims, name));
  const found: string[] = [];
  if (exp !== undefined && exp < now) found.push('exp: it has expired');
  if (iat !== undefined && iat > now) found.push('iat: it lies in the future; compare the clocks');
  if (nbf !== undefined && nbf > now + 60)
    found.push('nbf: it is not valid yet; compare the clocks');
  if (exp !== undefined && exp < (iat ?? -Infinity)) found.push('exp: it lies before iat');
  const life = exp === undefined ? 0 : exp - (iat ?? now);
  if (life > longSeconds) found.push(`lifetime ${span(life)}: whoever steals it has it that long`);
  return found;
}

/** What the server would say of the form alone. */
function formWarnings({ text }: DecodedToken): readonly string[] {
  try {
    parseCompactToken(text);
    return [];
  } catch (error) {
    return [`form: ${errorMessage(error)}`];
  }
}
