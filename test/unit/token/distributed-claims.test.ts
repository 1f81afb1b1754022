/** Groups that a token keeps elsewhere: what is believed of the answer, and for how long. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DenyReason } from '../../../src/denial/reasons.ts';
import { createAuthenticator } from '../../../src/token/authenticator.ts';
import type { ClaimSources } from '../../../src/token/distributed-claims.ts';
import type { IssuerKeys } from '../../../src/token/issuer-keys.ts';
import type { Issuer } from '../../../src/token/issuer.ts';
import type { VerifiedToken } from '../../../src/token/verifier.ts';
import { denialOf } from '../../support/denials.ts';
import {
  answered,
  elsewhere,
  fakeSources,
  groupsKey,
  key,
  now,
  url,
  verify,
} from '../../support/distributed-claims.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import { createEcKey, encodePart, fixedKeys, signToken } from '../../support/signed-token.ts';

const stranger = createEcKey('groups');
const good = signToken(groupsKey, answered);
const [head = '', body = '', signature = ''] = good.split('.');

const answers: readonly (readonly [what: string, answer: string, groups: readonly string[]])[] = [
  ['a list of groups', good, ['dev', 'ops']],
  ['a text', signToken(groupsKey, { ...answered, groups: 'dev' }), ['dev']],
  ['null for groups', signToken(groupsKey, { ...answered, groups: null }), []],
  ['no groups in the list', signToken(groupsKey, { ...answered, groups: [] }), []],
  ['the same group twice', signToken(groupsKey, { ...answered, groups: ['b', 'b'] }), ['b', 'b']],
  ['a line break behind it', `${good}\r\n`, ['dev', 'ops']],
  ['white space around it', ` \t${good} \n`, ['dev', 'ops']],
  [
    'line breaks in it',
    `${head}\n.${body.slice(0, 9)}\r\n${body.slice(9)}.\f${signature}`,
    ['dev', 'ops'],
  ],
  ['another subject', signToken(groupsKey, { ...answered, sub: 'bob' }), ['dev', 'ops']],
  ['no subject and no kid', signToken(groupsKey, answered, { kid: undefined }), ['dev', 'ops']],
  [
    'several audiences',
    signToken(groupsKey, { ...answered, aud: ['x', 'kubernetes'] }),
    ['dev', 'ops'],
  ],
  ["the token's own issuer", signToken(key, { ...answered, iss: url }), ['dev', 'ops']],
  [
    'a source of its own for groups',
    signToken(groupsKey, { ...elsewhere, ...answered }),
    ['dev', 'ops'],
  ],
];

const badAnswers: readonly (readonly [what: string, answer: string, why: RegExp])[] = [
  ['nothing', '', /is no well-formed signed JWT$/],
  ['HTML', '<html>Sign in</html>', /is no well-formed signed JWT$/],
  ['JSON', '{"groups":["dev"]}', /is no well-formed signed JWT$/],
  ['claims without a signature', encodePart(answered), /is no well-formed signed JWT$/],
  ['four parts', `${good}.x`, /is no well-formed signed JWT$/],
  ['a space in the payload', `${head}.${body.slice(0, 9)} ${body.slice(9)}.${signature}`, /JWT$/],
  ['two tokens', `${good}\n${good}`, /is no well-formed signed JWT$/],
  ['a hundred thousand dots', '.'.repeat(100_000), /is no well-formed signed JWT$/],
  ['"none" for an algorithm', `${encodePart({ alg: 'none' })}.${body}.AAAA`, /not accepted$/],
  ["a stranger's signature", signToken(stranger, answered), /does not match its issuer's keys$/],
  [
    "a stranger's signature for the token's own issuer",
    signToken(stranger, { ...answered, iss: url }),
    /does not publish$/,
  ],
  ['a key that nobody published', signToken(createEcKey('x'), answered), /does not publish$/],
  ['another audience', signToken(groupsKey, { ...answered, aud: 'else' }), /another audience$/],
  ['no audience', signToken(groupsKey, { ...answered, aud: undefined }), /another audience$/],
  ['an expiry that has passed', signToken(groupsKey, { ...answered, exp: now - 1 }), /is expired$/],
  ['no expiry', signToken(groupsKey, { ...answered, exp: undefined }), /of the wrong type$/],
  ['a day that comes', signToken(groupsKey, { ...answered, nbf: now + 61 }), /not valid yet$/],
  [
    'no issuer',
    signToken(groupsKey, { ...answered, iss: undefined }),
    /no issuer with an https URL$/,
  ],
  ['an issuer without TLS', signToken(groupsKey, { ...answered, iss: 'http://a.b' }), /https URL$/],
  ['an issuer that is no URL', signToken(groupsKey, { ...answered, iss: 'groups' }), /https URL$/],
  [
    'an endless issuer',
    signToken(groupsKey, { ...answered, iss: `https://${'a'.repeat(2_048)}` }),
    /https URL$/,
  ],
  ['a number for the issuer', signToken(groupsKey, { ...answered, iss: 7 }), /of the wrong type$/],
  ['no groups', signToken(groupsKey, { ...answered, groups: undefined }), /does not hold it$/],
  [
    'groups that are kept elsewhere again',
    signToken(groupsKey, { ...elsewhere, iss: answered.iss }),
    /does not hold it$/,
  ],
  [
    'groups of another name',
    signToken(groupsKey, { ...answered, groups: undefined, Groups: 'a' }),
    /does not hold it$/,
  ],
  [
    'a number for groups',
    signToken(groupsKey, { ...answered, groups: 7 }),
    /must be a string or a list/,
  ],
  [
    'a map of groups',
    signToken(groupsKey, { ...answered, groups: { a: 1 } }),
    /must be a string or a list/,
  ],
  [
    'a number among groups',
    signToken(groupsKey, { ...answered, groups: ['a', 7] }),
    /must be a string or a list/,
  ],
];

const statuses: readonly (readonly [status: number, reason: DenyReason | ''])[] = [
  ...[200, 201, 203, 206, 226].map((status) => [status, ''] as const),
  ...[400, 401, 403, 404, 405, 410].map((status) => [status, 'token_claim'] as const),
  ...[0, 101, 227, 301, 302, 307, 408, 429, 500, 502, 503].map(
    (status) => [status, 'issuer_unavailable'] as const,
  ),
];

describe('groups that are kept elsewhere', () => {
  for (const [what, answer, groups] of answers) {
    it(`are taken from an answer with ${what}`, async () => {
      const sources = fakeSources(answer);
      const { identity } = await verify(elsewhere, sources);
      assert.deepEqual(identity.groups, [...groups, 'system:authenticated']);
      assert.equal(sources.asked.length, 1);
    });
  }

  for (const [what, answer, why] of badAnswers) {
    it(`are refused with an answer of ${what}`, async () => {
      const denial = await denialOf(() => verify(elsewhere, fakeSources(answer)));
      assert.equal(denial.reason, 'token_claim');
      assert.match(denial.message, why);
      assert.doesNotMatch(`${denial.message} ${String(denial.cause)}`, /hidden|access-token|eyJ/);
    });
  }

  for (const [status, reason] of statuses) {
    it(`${reason === '' ? 'are taken' : `end with ${reason}`} with the status ${status}`, async () => {
      const work = (): Promise<VerifiedToken> =>
        verify(elsewhere, fakeSources({ status, body: good }));
      if (reason === '') return assert.equal((await work()).identity.groups.length, 3);
      const denial = await denialOf(work);
      assert.equal(denial.reason, reason);
      const cause = `GET https://claims.example/of/alice: the answer is ${status}`;
      assert.ok(String(denial.cause).includes(cause));
    });
  }

  it('get the prefix, may not be reserved, and count for the rules of the entry', async () => {
    const groups = { claim: 'groups', prefix: 'team:' };
    const { identity } = await verify(elsewhere, fakeSources(good), { ...plainRules, groups });
    assert.deepEqual(identity.groups, ['team:dev', 'team:ops', 'system:authenticated']);
    const masters = fakeSources(signToken(groupsKey, { ...answered, groups: 'system:masters' }));
    assert.equal((await denialOf(() => verify(elsewhere, masters))).reason, 'reserved_name');
    const required = { ...plainRules, requiredClaims: [{ claim: 'groups', requiredValue: 'dev' }] };
    const one = fakeSources(signToken(groupsKey, { ...answered, groups: 'dev' }));
    assert.equal((await verify(elsewhere, one, required)).identity.username, 'alice');
  });

  it('may have a name that means something to JavaScript', async () => {
    for (const claim of ['__proto__', 'constructor', 'toString']) {
      const text = JSON.stringify({ ...elsewhere, _claim_names: undefined }).slice(0, -1);
      const token = signToken(key, `${text},"_claim_names":{"${claim}":"a"}}`);
      const plain = JSON.stringify({ ...answered, groups: undefined }).slice(0, -1);
      const sources = fakeSources(signToken(groupsKey, `${plain},"${claim}":["dev"]}`));
      const rules = { ...plainRules, groups: { claim, prefix: '' } };
      const { identity } = await verify(token, sources, rules);
      assert.deepEqual(identity.groups, ['dev', 'system:authenticated']);
    }
  });

  it('may be vouched for by Google under the name it had of old', async () => {
    const sources = fakeSources(signToken(groupsKey, { ...answered, iss: 'accounts.google.com' }));
    const named: string[] = [];
    const keysOf = (issuerURL: string): IssuerKeys => {
      named.push(issuerURL);
      return fixedKeys(groupsKey);
    };
    await verify(elsewhere, { ...sources, keysOf });
    assert.deepEqual(named, ['https://accounts.google.com']);
  });

  it('wait for the keys of an issuer that nobody knew, and for nothing else', async () => {
    const keys = fixedKeys();
    keys.publish(undefined, undefined);
    const sources = { ...fakeSources(good), keysOf: () => keys };
    const denial = await denialOf(() => verify(elsewhere, sources));
    assert.equal(denial.reason, 'issuer_unavailable');
    assert.match(denial.message, /vouches for the token's claim "groups" are not at hand/);
    assert.equal(String(denial.cause), 'Error: the issuer is down');
  });

  it('are unavailable when there is no answer, for a reason that is kept for the log', async () => {
    const sources = fakeSources(new Error('GET https://claims.example: ECONNREFUSED'));
    const denial = await denialOf(() => verify(elsewhere, sources));
    assert.equal(denial.reason, 'issuer_unavailable');
    assert.doesNotMatch(denial.message, /claims\.example/);
    assert.match(String(denial.cause), /ECONNREFUSED/);
  });
});

describe('the memory of groups that are kept elsewhere', () => {
  for (const [what, tokenExpiry, answerExpiry, until] of [
    ['the token, when that is shorter', 60, 120, 60],
    ['the answer, when that is shorter', 120, 60, 60],
    ['five minutes, when both last longer', 900, 900, 300],
  ] as const) {
    it(`lasts as long as ${what}`, async () => {
      let seconds = now;
      const sources = fakeSources(signToken(groupsKey, { ...answered, exp: now + answerExpiry }));
      const { authenticate } = createAuthenticator([issuer(sources)], {
        now: () => seconds * 1000,
      });
      const token = signToken(key, { ...elsewhere, exp: now + tokenExpiry });
      await authenticate(token, Infinity);
      seconds = now + until;
      assert.ok(!(authenticate(token, Infinity) instanceof Promise));
      seconds += 0.001;
      const again = authenticate(token, Infinity);
      assert.ok(again instanceof Promise);
      await again.catch(() => undefined);
      assert.equal(sources.asked.length, tokenExpiry === until ? 1 : 2);
    });
  }

  it('has checks of one token at one time ask once', async () => {
    const sources = fakeSources(good);
    const { authenticate } = createAuthenticator([issuer(sources)], { now: () => now * 1000 });
    const token = signToken(key, elsewhere);
    await Promise.all(Array.from({ length: 50 }, async () => authenticate(token, Infinity)));
    assert.equal(sources.asked.length, 1);
  });

  it('holds no failure', async () => {
    const sources = fakeSources({ status: 500, body: '' });
    const { authenticate } = createAuthenticator([issuer(sources)], { now: () => now * 1000 });
    const token = signToken(key, elsewhere);
    for (const _ of [1, 2]) await denialOf(() => authenticate(token, Infinity));
    assert.equal(sources.asked.length, 2);
  });
});

function issuer(claimSources: ClaimSources): Issuer {
  return { url, rules: plainRules, keys: fixedKeys(key), claimSources };
}
