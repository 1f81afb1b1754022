import { Denial } from '../denial/denial.ts';
import { isRecord, type Claims } from '../identity/claims.ts';

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
  return { text, header: parsePart(header), claims: parsePart(payload) };
}

function parsePart(part: string): Claims {
  const value = parseJson(Buffer.from(part, 'base64url').toString('utf8'));
  if (!isRecord(value)) throw malformed();
  return value;
}

/** The claim set that a verified signature covers. Throws Denial. */
export function parseClaims(payload: Uint8Array): Claims {
  const value = parseJson(Buffer.from(payload).toString('utf8'));
  if (!isRecord(value)) throw malformed();
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
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
