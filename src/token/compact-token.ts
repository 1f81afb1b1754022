import { isUtf8 } from 'node:buffer';
import { Denial } from '../denial/denial.ts';
import { isRecord, type Claims } from '../identity/claims.ts';
import { hasRepeatedName } from './repeated-names.ts';
import { hasStrictClaims, hasStrictHeader } from './strict-form.ts';

/** A JWT taken apart, its signature not yet looked at: nothing in it may be believed. */
export interface CompactToken {
  readonly text: string;
  readonly header: Claims;
  readonly claims: Claims;
}

const threeParts = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Takes a JWS in compact form apart (RFC 7515 §3.1). Throws Denial. */
export function parseCompactToken(text: string): CompactToken {
  if (!threeParts.test(text)) throw malformed();
  const [header = '', payload = ''] = text.split('.');
  if (![header, payload].every(isCanonical)) throw malformed();
  const members = parseObject(decode(header).toString('utf8'));
  if (!hasStrictHeader(members)) throw malformed();
  return { text, header: members, claims: parseClaims(decode(payload)) };
}

/** go-jose signs what it has decoded and encodes again: letters with bits left over are not those that were signed. */
function isCanonical(part: string): boolean {
  return decode(part).toString('base64url') === part;
}

function decode(part: string): Buffer {
  return Buffer.from(part, 'base64url');
}

/** The claim set that a verified signature covers. Throws Denial. */
export function parseClaims(payload: Uint8Array): Claims {
  if (!isUtf8(payload)) throw malformed();
  const claims = parseObject(Buffer.from(payload).toString('utf8'));
  if (hasStrictClaims(claims)) return claims;
  throw new Denial(
    'token_claim',
    'a registered claim of the token (iss, sub, aud, exp and the like) is of the wrong type, or is there in another spelling',
  );
}

function parseObject(text: string): Claims {
  const value = parseJson(text);
  if (!isRecord(value)) throw malformed();
  if (hasRepeatedName(text)) {
    throw new Denial(
      'token_malformed',
      'the token says something twice: a name is there two times',
    );
  }
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => {
      // 1e999 is infinite here, and no number that Go could hold.
      if (value === Infinity || value === -Infinity) throw malformed();
      return value;
    });
  } catch {
    throw malformed(); // The parser's own message would quote the token.
  }
}

function malformed(): Denial {
  return new Denial(
    'token_malformed',
    'the bearer token is not a signed JWT; only tokens of a configured issuer are accepted',
  );
}
