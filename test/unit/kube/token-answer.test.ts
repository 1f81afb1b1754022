/** What an API server may answer to a TokenRequest, and that nothing else is a token. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { readTokenAnswer } from '../../../src/kube/token-answer.ts';
import { denialOf } from '../../support/denials.ts';
import {
  epoch,
  epochMs,
  refusal,
  robot,
  secret,
  tokenAnswer,
} from '../../support/minted-accounts.ts';

const minute = 60_000;

const lives: readonly (readonly [
  what: string,
  content: object,
  lifeMs: number,
  clockIsAheadMs?: number,
])[] = [
  ['ten minutes', tokenAnswer(), 10 * minute],
  ['less than was asked for', ends('2027-01-15T08:05:00Z'), 5 * minute],
  ['no more than was asked for', ends('2028-01-15T08:00:00Z'), 10 * minute],
  ['ten minutes in another zone', ends('2027-01-15T10:10:00+02:00'), 10 * minute],
  ['a fraction of a second', ends('2027-01-15T08:00:00.250Z'), 250],
  ['ten minutes, when our clock is a day ahead', tokenAnswer(), 10 * minute, 24 * 60 * minute],
  ['ten minutes, when our clock is a day behind', tokenAnswer(), 10 * minute, -24 * 60 * minute],
  ['until its end by our clock, when no beginning is told', begins(null), 9 * minute, minute],
  ['the same when it is no time', begins('yesterday'), 9 * minute, minute],
  ['what was asked for, when our clock is behind, too', begins(null), 10 * minute, -60 * minute],
];

const garbage: readonly (readonly [what: string, content: unknown, cause: RegExp])[] = [
  ['nothing', undefined, /not a JSON object/],
  ['null', null, /not a JSON object/],
  ['a list', [tokenAnswer()], /not a JSON object/],
  ['the token alone', secret, /not a JSON object/],
  ['another kind', tokenAnswer({}, { kind: 'TokenReview' }), /no TokenRequest/],
  ['no kind', tokenAnswer({}, { kind: undefined }), /no TokenRequest/],
  [
    'another version',
    tokenAnswer({}, { apiVersion: 'authentication.k8s.io/v1beta1' }),
    /of authentication.k8s.io.v1$/,
  ],
  ['no status', tokenAnswer(null), /no status/],
  ['a list for a status', tokenAnswer([secret]), /no status/],
  ['a text for a status', tokenAnswer(secret), /no status/],
  ['the token beside the status', tokenAnswer({ token: undefined }, { token: secret }), /no token/],
  ['an empty token', tokenAnswer({ token: '' }), /no token/],
  ['a token that is a list', tokenAnswer({ token: [secret] }), /no token/],
  ['a token that is null', tokenAnswer({ token: null }), /no token/],
  ['a token with a line break', tokenAnswer({ token: `${secret}\n` }), /no bearer token/],
  [
    'a header of its own',
    tokenAnswer({ token: `${secret}\r\nimpersonate-user: admin` }),
    /no bearer token/,
  ],
  ['a token with a space', tokenAnswer({ token: ` ${secret}` }), /no bearer token/],
  ['two tokens', tokenAnswer({ token: `${secret},${secret}` }), /no bearer token/],
  ['a token beyond ASCII', tokenAnswer({ token: `${secret}ß` }), /no bearer token/],
  ['a NUL', tokenAnswer({ token: `${secret}\u0000` }), /no bearer token/],
  ['padding alone', tokenAnswer({ token: '==' }), /no bearer token/],
  ['a token longer than a header', tokenAnswer({ token: secret.repeat(200) }), /too long/],
  ['no end', ends(undefined), /RFC 3339/],
  ['an end that is null', ends(null), /RFC 3339/],
  ['an end in seconds', ends(epochMs / 1000 + 600), /RFC 3339/],
  ['an end without a zone', ends('2027-01-15T08:10:00'), /RFC 3339/],
  ['a day for an end', ends('2027-01-15'), /RFC 3339/],
  ['an end in words', ends('Fri, 15 Jan 2027 08:10:00 GMT'), /RFC 3339/],
  ['an end in a list', ends(['2027-01-15T08:10:00Z']), /RFC 3339/],
  ['a day that never comes', ends('2027-02-30T08:10:00Z'), /RFC 3339/],
  ['an hour that never comes', ends('2027-01-15T24:00:00Z'), /RFC 3339/],
  ['a minute that never comes', ends('2027-01-15T08:60:00Z'), /RFC 3339/],
  ['an end with a line behind it', ends('2027-01-15T08:10:00Z\n'), /RFC 3339/],
];

const expired: readonly (readonly [what: string, content: object])[] = [
  ['at its beginning', ends(epoch)],
  ['before its beginning', ends('2027-01-15T07:59:59Z')],
  [
    'by our clock, when no beginning is told',
    tokenAnswer({ expirationTimestamp: epoch }, { metadata: {} }),
  ],
];

const cannot =
  'serviceaccounts "robot" is forbidden: User "system:serviceaccount:x:y" cannot create resource "serviceaccounts/token" in API group "" in the namespace "robots"';

const refusals: readonly (readonly [
  what: string,
  status: number,
  content: unknown,
  message: RegExp,
  cause: RegExp,
])[] = [
  [
    'lacks the permission',
    403,
    refusal(403, cannot),
    /permission to create serviceaccounts\/token for it.*`kube-ext-authz rbac`/,
    /answered 403: .*system:serviceaccount:x:y/,
  ],
  [
    'is stopped by a rule',
    403,
    refusal(403, 'admission webhook "w" denied the request: no'),
    /a rule of the API server's forbids it/,
    /webhook "w"/,
  ],
  ['is stopped by a gateway', 403, undefined, /a rule of the API server's forbids it/, /no reason/],
  ['is not known itself', 401, refusal(401, 'Unauthorized'), /own credentials/, /Unauthorized/],
  [
    'asks for no account',
    404,
    refusal(404, 'serviceaccounts "robot" not found'),
    /that service account does not exist$/,
    /not found/,
  ],
  [
    'asks in no namespace',
    404,
    refusal(404, 'namespaces "robots" not found', 'namespaces'),
    /its namespace does not exist$/,
    /not found/,
  ],
  [
    'is in no Pod',
    404,
    refusal(404, 'pods "p" not found', 'pods'),
    /the Pod that it would be bound to does not exist$/,
    /not found/,
  ],
  ['asks somebody else', 404, '404 page not found', /does not exist$/, /no reason/],
  [
    'is in another Pod',
    409,
    refusal(409, 'the UID in the bound object reference does not match'),
    /is not this one any more$/,
    /UID/,
  ],
  [
    'asks for too short a life',
    422,
    refusal(422, 'may not specify a duration less than 10 minutes'),
    /not take the request.*log tells why/,
    /10 minutes/,
  ],
  [
    'asks for another Pod',
    400,
    refusal(400, 'cannot bind token'),
    /not take the request/,
    /cannot bind/,
  ],
  ['is led elsewhere', 307, undefined, /answered 307 \(redirects are not followed\)/, /no reason/],
  ['asks too often', 429, refusal(429, 'slow down'), /answered 429; try again later/, /slow down/],
  ['hears of a fault', 500, refusal(500, 'etcd'), /answered 500; try again later/, /etcd/],
  ['hears a number', 500, 500, /answered 500/, /no reason/],
  ['gets a token with 200', 200, tokenAnswer(), /answered 200; try again later/, /no reason/],
  ['gets a token with 202', 202, tokenAnswer(), /answered 202; try again later/, /no reason/],
  [
    'gets a token in a refusal',
    500,
    refusal(500, `it is ${secret}, and ${secret.slice(21)}.`),
    /answered 500/,
    /it is …, and …\./,
  ],
];

describe("the API server's answer to a TokenRequest", () => {
  for (const [what, content, lifeMs, clockIsAheadMs = 0] of lives) {
    it(`brings a token that lives for ${what}`, () => {
      const askedAt = epochMs + clockIsAheadMs;
      assert.deepEqual(readTokenAnswer({ status: 201, content }, robot, askedAt), {
        token: secret,
        expiresAt: askedAt + lifeMs,
      });
    });
  }

  for (const [what, content, cause] of garbage) {
    it(`is nothing with ${what}`, async () => {
      const denial = await refused(201, content);
      assert.match(denial.message, /robots\/robot: the API server's answer can't be understood$/);
      assert.match(String(denial.cause), cause);
    });
  }

  for (const [what, content] of expired) {
    it(`is nothing with a token that has expired ${what}`, async () => {
      const { message } = await refused(201, content);
      assert.match(message, /robots\/robot: the API server gave one that has expired$/);
    });
  }

  for (const [what, status, content, message, cause] of refusals) {
    it(`is a sentence for one who ${what}`, async () => {
      const denial = await refused(status, content);
      assert.match(denial.message, /^there is no token of the service account robots\/robot: /);
      assert.match(denial.message, message);
      assert.match(String(denial.cause), cause);
    });
  }
});

function ends(expirationTimestamp: unknown): object {
  return tokenAnswer({ expirationTimestamp });
}

function begins(creationTimestamp: unknown): object {
  return tokenAnswer({}, { metadata: { creationTimestamp } });
}

/** With everything that a log could print of it looked through for the token. */
async function refused(status: number, content: unknown): ReturnType<typeof denialOf> {
  const denial = await denialOf(() => readTokenAnswer({ status, content }, robot, epochMs));
  assert.equal(denial.reason, 'credential_unavailable');
  const all = inspect(denial, { depth: Infinity, showHidden: true, maxStringLength: Infinity });
  assert.doesNotMatch(all, /eyJ|c2VjcmV0/);
  return denial;
}
