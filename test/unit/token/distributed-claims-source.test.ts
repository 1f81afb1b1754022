/** Where a token says that its groups are: what is asked for them, and when nobody is asked. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { denialOf } from '../../support/denials.ts';
import {
  answered,
  claims,
  elsewhere,
  endpoint,
  fakeSources,
  groupsKey,
  keptAt,
  key,
  now,
  secret,
  verify,
  type Content,
} from '../../support/distributed-claims.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import { createEcKey, signToken } from '../../support/signed-token.ts';

const good = signToken(groupsKey, answered);

const notAsked: readonly (readonly [what: string, content: Content, groups: readonly string[]])[] =
  [
    ['has the claim itself', { ...elsewhere, groups: ['own'] }, ['own']],
    ['has null for the claim itself', { ...elsewhere, groups: null }, []],
    ['has the claim in itself, as another aggregates it', keptAt({ JWT: good }), []],
    ['has an empty endpoint', keptAt({ endpoint: '', access_token: secret }), []],
    ['has null for an endpoint', keptAt({ endpoint: null }), []],
    ['has null for a source', keptAt(null), []],
    ['keeps another claim elsewhere', keptAt({ endpoint }, { roles: 'a' }), []],
    ['keeps no claim elsewhere', keptAt({ endpoint }, {}), []],
    ['has null for both', { ...claims, _claim_names: null, _claim_sources: null }, []],
    ['has sources and no names', { ...claims, _claim_sources: { a: { endpoint } } }, []],
  ];

const badSources: readonly (readonly [what: string, content: Content, why: RegExp])[] = [
  ['names claims and no sources', { ...claims, _claim_names: {} }, /no "_claim_sources"$/],
  ['has null for names and no sources', { ...claims, _claim_names: null }, /no "_claim_sources"$/],
  ['has a number for an aggregated claim', keptAt({ endpoint, JWT: 7 }), /"JWT" in .* is no text$/],
  [
    'has a list for it in another spelling',
    keptAt({ endpoint, jwt: [] }),
    /"JWT" in .* is no text$/,
  ],
  [
    'has such a source beside',
    { ...keptAt({ endpoint }), _claim_sources: { a: { endpoint }, b: { JWT: {} } } },
    /"JWT"/,
  ],
  [
    'names a source without TLS',
    keptAt({ endpoint: 'http://claims.example' }),
    /only https URLs are$/,
  ],
  ['names a file', keptAt({ endpoint: 'file:///etc/passwd' }), /only https URLs are$/],
  ['names no URL', keptAt({ endpoint: '/claims' }), /only https URLs are$/],
  [
    'has a line break in the access token',
    keptAt({ endpoint, access_token: 'a\r\nHost: b' }),
    /in a header$/,
  ],
  ['has NUL in the access token', keptAt({ endpoint, access_token: 'a\0' }), /in a header$/],
];

describe('the place of groups that are kept elsewhere', () => {
  for (const [what, content, groups] of notAsked) {
    it(`is not asked when the token ${what}`, async () => {
      const sources = fakeSources(good);
      const { identity, expiry } = await verify(content, sources);
      assert.deepEqual(identity.groups, [...groups, 'system:authenticated']);
      assert.deepEqual([sources.asked, expiry], [[], claims.exp]);
    });
  }

  for (const [what, content, why] of badSources) {
    it(`is refused and not asked when the token ${what}`, async () => {
      const sources = fakeSources(good);
      const denial = await denialOf(() => verify(content, sources));
      assert.equal(denial.reason, 'token_claim');
      assert.match(denial.message, why);
      assert.deepEqual(sources.asked, []);
    });
  }

  for (const [what, token, reason] of [
    ["bears a stranger's signature", signToken(createEcKey('login'), elsewhere), 'token_signature'],
    ['is expired', signToken(key, { ...elsewhere, exp: now - 1 }), 'token_expired'],
    ['is for others', signToken(key, { ...elsewhere, aud: 'else' }), 'token_audience'],
    ['lives too long', signToken(key, { ...elsewhere, iat: now - 9_999 }), 'token_lifetime'],
  ] as const) {
    it(`is not asked when the token ${what}`, async () => {
      const sources = fakeSources(good);
      const rules = { ...plainRules, maxTokenLifetimeMs: 7_200_000 };
      assert.equal((await denialOf(() => verify(token, sources, rules))).reason, reason);
      assert.deepEqual(sources.asked, []);
    });
  }

  it('is asked with the access token, when the token has one', async () => {
    const sources = fakeSources(good);
    for (const access_token of [secret, 'é ~', '', null, undefined]) {
      await verify(keptAt({ endpoint, access_token }), sources);
    }
    assert.deepEqual(
      sources.asked.map((source) => source.accessToken),
      [secret, 'Ã© ~', undefined, undefined, undefined],
    );
    assert.ok(sources.asked.every((source) => source.url.href === endpoint));
  });

  it('is no matter where groups are given by an expression, or not at all', async () => {
    const sources = fakeSources(good);
    await verify(elsewhere, sources, { ...plainRules, groups: undefined });
    assert.deepEqual(sources.asked, []);
  });

  it('is not asked by an issuer that has no way to', async () => {
    const denial = await denialOf(() => verify(elsewhere));
    assert.equal(denial.reason, 'token_claim');
  });
});
