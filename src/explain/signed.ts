// Whether a token is its issuer's, for us, and of today: the first half of an entry's view of it.
import { span } from '../cli/token-dates.ts';
import type { Claims } from '../identity/claims.ts';
import { parseClaims, type CompactToken } from '../token/compact-token.ts';
import type { SignedClaims } from '../token/distributed-claims.ts';
import type { IssuerKeys } from '../token/issuer-keys.ts';
import { checkAudience, checkDates, checkLifetime } from '../token/registered-claims.ts';
import { allowedAlgorithm, verifySignature, type IssuerRules } from '../token/verifier.ts';
import { audienceRows, dateRows } from './claim-rows.ts';
import type { Recorder } from './recorder.ts';

export interface Noting {
  readonly recorder: Recorder;
  /** Seconds since 1970. */
  readonly now: number;
}

/** What the token says of itself and its dates, when it is the issuer's; without keys its own word is taken. Rejects with Denial. */
export async function traceSigned(
  token: CompactToken,
  rules: IssuerRules,
  keys: IssuerKeys | undefined,
  { recorder, now }: Noting,
): Promise<SignedClaims> {
  const algorithm = await recorder.take({
    step: 'algorithm',
    rows: () => [{ name: 'accepted', value: rules.signingAlgorithms }],
    work: () => allowedAlgorithm(token, rules.signingAlgorithms),
    says: (alg) => `${alg} is accepted`,
  });
  const claims = keys
    ? await traceSignature(token, algorithm, rules, keys, recorder)
    : token.claims;
  if (!keys) recorder.leaveOut('signature', "the issuer's keys were not asked for");
  await recorder.take({
    step: 'audience',
    rows: () => audienceRows(claims, rules.audiences),
    work: () => checkAudience(claims, rules.audiences),
    says: () => "the token is meant for one of the entry's audiences",
  });
  const expiry = await recorder.take({
    step: 'dates',
    rows: () => dateRows(claims, now),
    work: () => checkDates(claims, now),
    says: (end) => `it expires in ${span(Math.max(0, end - Math.floor(now)))}`,
  });
  const longestMs = rules.maxTokenLifetimeMs;
  if (longestMs !== undefined) {
    await recorder.take({
      step: 'lifetime',
      work: () => checkLifetime(claims, { expiry, now, longestMs }),
      says: () => `it is not made for longer than maxTokenLifetime, ${span(longestMs / 1000)}`,
    });
  }
  return { claims, expiry };
}

function traceSignature(
  token: CompactToken,
  algorithm: string,
  { name }: IssuerRules,
  keys: IssuerKeys,
  recorder: Recorder,
): Promise<Claims> {
  const { kid } = token.header;
  const named =
    typeof kid === 'string' && kid !== '' ? `the key ${JSON.stringify(kid)}` : 'any key';
  return recorder.take({
    step: 'signature',
    rows: () => [{ name: 'kid', value: typeof kid === 'string' ? kid : [], from: 'the token' }],
    work: async () => parseClaims((await verifySignature(token, algorithm, name, keys)).payload),
    says: () => `it is the issuer's own, by ${named}`,
  });
}
