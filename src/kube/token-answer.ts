// Reads the API server's answer to a TokenRequest: whatever is not clearly a token that lives is a
// denial, and the token is never part of what is said about it.
import type { Denial } from '../denial/denial.ts';
import type { KubeAnswer } from './client.ts';
import { isRecord, type JsonRecord } from './review-faults.ts';
import type { MintedToken, TokenAccount } from './token-account.ts';
import { noToken, refusedToken } from './token-faults.ts';

export const tokenTerms = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1' } as const;

/** RFC 6750 section 2.1: anything else could not stand in an Authorization header. */
const b64token = /^[A-Za-z0-9._~+/-]+=*$/;
/** Envoy's own limit for all headers of a request together is 60 KiB. */
const longestToken = 32 * 1024;

/** Throws Denial `credential_unavailable`. `askedAt`: milliseconds since 1970, by our own clock. */
export function readTokenAnswer(
  answer: KubeAnswer,
  account: TokenAccount,
  askedAt: number,
): MintedToken {
  const { status, content } = answer;
  if (status !== 201) throw refusedToken(answer, account);
  const garbage = (what: string): Denial =>
    noToken(account, "the API server's answer can't be understood", what);
  if (!isRecord(content)) throw garbage('it is not a JSON object in UTF-8');
  const { kind, apiVersion, metadata, status: result } = content;
  if (kind !== tokenTerms.kind || apiVersion !== tokenTerms.apiVersion) {
    throw garbage(`it is no ${tokenTerms.kind} of ${tokenTerms.apiVersion}`);
  }
  if (!isRecord(result)) throw garbage('it has no status');
  const { token } = result;
  if (typeof token !== 'string' || token === '') throw garbage('it has no token');
  if (token.length > longestToken) throw garbage('the token is too long for a header');
  if (!b64token.test(token)) throw garbage('the token is no bearer token');
  const end = timeOf(result, 'expirationTimestamp');
  if (end === undefined) throw garbage('status.expirationTimestamp is not a time of RFC 3339');
  const begin = (isRecord(metadata) && timeOf(metadata, 'creationTimestamp')) || askedAt;
  const life = Math.min(end - begin, account.expirationSeconds * 1000);
  if (life <= 0) throw noToken(account, 'the API server gave one that has expired');
  return { token, expiresAt: askedAt + life };
}

const rfc3339 = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** In milliseconds since 1970; undefined when there is none. */
function timeOf(fields: JsonRecord, name: string): number | undefined {
  const text = fields[name];
  const [, day = ''] = (typeof text === 'string' && rfc3339.exec(text)) || [];
  if (!isDay(day)) return undefined;
  const time = Date.parse(String(text));
  return Number.isNaN(time) ? undefined : time;
}

/** Date.parse takes the 30th of February for a day in March. */
function isDay(text: string): boolean {
  const begin = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(begin.getTime()) && begin.toISOString().startsWith(text);
}
