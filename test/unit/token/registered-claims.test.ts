/** aud, exp, nbf and iat, to the second and of every type. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DenyReason } from '../../../src/denial/reasons.ts';
import { checkRegisteredClaims } from '../../../src/token/registered-claims.ts';
import { denialOf } from '../../support/denials.ts';

type Claims = Readonly<Record<string, unknown>>;

const now = 1_800_000_000;
const good: Claims = { aud: 'kubernetes', exp: now + 60 };

const accepted: readonly (readonly [what: string, claims: Claims, expiry?: number])[] = [
  ['an end in a minute', {}],
  ['an end this very second', { exp: now }, now],
  ['an end in text', { exp: String(now + 60) }],
  ['an end in text with an exponent', { exp: '1.80000006e9' }],
  ['an end with a fraction, which is cut off', { exp: now + 60.9 }],
  ['an end with a fraction in text', { exp: `${now + 60}.9` }],
  ['an end at this very second and a fraction', { exp: now + 0.9 }, now],
  ['a beginning now', { nbf: now }],
  ['a beginning in a minute, the leeway', { nbf: now + 60 }],
  ['a beginning in a minute and a fraction, which is cut off', { nbf: now + 60.9 }],
  ['a beginning in text', { nbf: String(now) }],
  ['a beginning that is null', { nbf: null }],
  ['a beginning before 1970', { nbf: -1 }],
  ['an issue date in the future, which is not compared', { iat: now + 9_999 }],
  ['one audience in a list', { aud: ['kubernetes'] }],
  ['our audience among others', { aud: ['other', 'kubernetes'] }],
  ['our second audience', { aud: 'second' }],
  ['our audience beside null, an empty one in Go', { aud: [null, 'kubernetes'] }],
];

const refused: readonly (readonly [what: string, claims: Claims, reason: DenyReason])[] = [
  ['an end a second ago', { exp: now - 1 }, 'token_expired'],
  ['an end at the beginning of time', { exp: 0 }, 'token_expired'],
  ['an end before 1970', { exp: -1 }, 'token_expired'],
  ['an end long ago in text', { exp: '1' }, 'token_expired'],
  ['an end in milliseconds of long ago', { exp: 1_000_000 }, 'token_expired'],
  ['no end', { exp: undefined }, 'token_claim'],
  ['an end that is null', { exp: null }, 'token_claim'],
  ['an empty end', { exp: '' }, 'token_claim'],
  ['a blank end', { exp: ' ' }, 'token_claim'],
  ['an end in hexadecimal', { exp: '0xffffffff' }, 'token_claim'],
  ['an end in text with white space', { exp: ` ${now + 60}` }, 'token_claim'],
  ['an end in text with a line break', { exp: `${now + 60}\n` }, 'token_claim'],
  ['an end that is a date in text', { exp: '2999-01-01T00:00:00Z' }, 'token_claim'],
  ['an end that is true', { exp: true }, 'token_claim'],
  ['an end in a list', { exp: [now + 60] }, 'token_claim'],
  ['an end in an object', { exp: {} }, 'token_claim'],
  ['an end called Infinity', { exp: 'Infinity' }, 'token_claim'],
  ['an end beyond all numbers', { exp: Infinity }, 'token_claim'],
  ['an end beyond all numbers in text', { exp: '1e999' }, 'token_claim'],
  ['a beginning in 61 seconds', { nbf: now + 61 }, 'token_not_yet_valid'],
  ['a beginning in 61 seconds in text', { nbf: String(now + 61) }, 'token_not_yet_valid'],
  ['a beginning that is no date', { nbf: 'soon' }, 'token_claim'],
  ['a beginning that is false', { nbf: false }, 'token_claim'],
  ['a beginning in a list', { nbf: [now] }, 'token_claim'],
  ['an issue date that is null', { iat: null }, 'token_claim'],
  ['an issue date that is no date', { iat: 'yesterday' }, 'token_claim'],
  ['no audience', { aud: undefined }, 'token_audience'],
  ['an audience that is null', { aud: null }, 'token_audience'],
  ['an empty audience', { aud: '' }, 'token_audience'],
  ['an empty list of audiences', { aud: [] }, 'token_audience'],
  ['another audience', { aud: 'other' }, 'token_audience'],
  ['our audience in another case', { aud: 'Kubernetes' }, 'token_audience'],
  ['our audience with a space', { aud: 'kubernetes ' }, 'token_audience'],
  ['our audience in a longer one', { aud: 'kubernetes,other' }, 'token_audience'],
  ['our audience in a list in a list', { aud: [['kubernetes']] }, 'token_audience'],
  ['our audience as a key', { aud: { kubernetes: true } }, 'token_audience'],
  ['a number for an audience', { aud: 7 }, 'token_audience'],
  ['our audience beside a number', { aud: ['kubernetes', 7] }, 'token_audience'],
  ['a list of null', { aud: [null] }, 'token_audience'],
];

const spans: readonly (readonly [seconds: number, words: string])[] = [
  [1, '1 second'],
  [89, '89 seconds'],
  [90, '2 minutes'],
  [3_599, '60 minutes'],
  [5_400, '2 hours'],
  [129_600, '2 days'],
];

describe('checkRegisteredClaims', () => {
  for (const [what, claims, expiry = now + 60] of accepted) {
    it(`accepts ${what}`, () => assert.equal(check(claims), expiry));
  }
  for (const [what, claims, reason] of refused) {
    it(`refuses ${what}`, async () => {
      assert.equal((await denialOf(() => check(claims))).reason, reason);
    });
  }

  it('compares with the moment, not with the second', async () => {
    assert.equal(check({ exp: now }, now), now);
    assert.equal((await denialOf(() => check({ exp: now }, now + 0.001))).reason, 'token_expired');
    assert.equal(check({ nbf: now + 60 }, now), now + 60);
    const early = await denialOf(() => check({ nbf: now + 60 }, now - 0.001));
    assert.equal(early.reason, 'token_not_yet_valid');
  });

  it('tells for whom the token was not issued before it tells that it expired', async () => {
    const { reason } = await denialOf(() => check({ aud: 'other', exp: 0 }));
    assert.equal(reason, 'token_audience');
  });

  for (const [seconds, words] of spans) {
    it(`says ${words} for ${seconds} s`, async () => {
      const late = await denialOf(() => check({ exp: now - seconds }));
      assert.equal(late.message, `the token expired ${words} ago; get a new one`);
      const early = await denialOf(() => check({ nbf: now + 60 + seconds }, now + 60 - 61));
      assert.match(
        early.message,
        /^the token becomes valid in \d+ (second|minute|hour|day)s; check/,
      );
    });
  }
});

function check(changes: Claims, at = now): number {
  const claims: Claims = JSON.parse(JSON.stringify({ ...good, ...changes }, keepInfinity));
  return checkRegisteredClaims(revived(claims), ['kubernetes', 'second'], at);
}

/** JSON has no Infinity, but a parser makes it of 1e999. */
function keepInfinity(_name: string, value: unknown): unknown {
  return value === Infinity ? { infinity: true } : value;
}

function revived(claims: Claims): Claims {
  return JSON.parse(JSON.stringify(claims).replaceAll('{"infinity":true}', '1e999'));
}
