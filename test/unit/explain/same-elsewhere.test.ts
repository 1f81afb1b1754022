/** Explain ends as the server does for tokens that keep their groups elsewhere, and shows nothing of the way there. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
  url,
  type Content,
} from '../../support/distributed-claims.ts';
import { explainAlike } from '../../support/explained.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import { kubeRequest } from '../../support/kube-request.ts';
import { createEcKey, fixedKeys, signToken } from '../../support/signed-token.ts';

const good = signToken(groupsKey, answered);
const stranger = createEcKey('groups');

const cases: readonly (readonly [
  title: string,
  content: Content,
  answer: Parameters<typeof fakeSources>[0],
  end: string,
])[] = [
  ['an answer that is vouched for', elsewhere, good, 'allow'],
  ['an answer that nobody vouches for', elsewhere, signToken(stranger, answered), 'token_claim'],
  [
    'an answer for somebody else',
    elsewhere,
    signToken(groupsKey, { ...answered, aud: 'x' }),
    'token_claim',
  ],
  [
    'an answer that is too old',
    elsewhere,
    signToken(groupsKey, { ...answered, exp: 1 }),
    'token_claim',
  ],
  [
    'an answer without groups',
    elsewhere,
    signToken(groupsKey, { ...answered, groups: undefined }),
    'token_claim',
  ],
  [
    'an answer of an issuer without keys',
    elsewhere,
    signToken(groupsKey, { ...answered, iss: 'https://x.example' }),
    'issuer_unavailable',
  ],
  ['no answer', elsewhere, new Error('down'), 'issuer_unavailable'],
  ['a refusal', elsewhere, { status: 403, body: '' }, 'token_claim'],
  ['a source that is not https', keptAt({ endpoint: 'http://x.example' }), good, 'token_claim'],
  ['no sources', { ...claims, _claim_names: { groups: 'a' } }, good, 'token_claim'],
  ['groups of its own', { ...elsewhere, groups: ['here'] }, good, 'allow'],
  ['another claim elsewhere', keptAt({ endpoint }, { team: 'a' }), good, 'allow'],
];

describe('a token that is explained ends as it is decided', () => {
  for (const [title, content, answer, end] of cases) {
    it(`with ${title}`, async () => {
      const claimSources = fakeSources(answer);
      const issuers = [{ url, rules: plainRules, keys: fixedKeys(key), claimSources }];
      const request = kubeRequest({ authorization: [`Bearer ${signToken(key, content)}`] });
      const explain = explainAlike({ issuers, now: () => now * 1000 });
      const explanation = await explain(request);
      assert.equal(explanation.reason || explanation.decision, end);
      const text = JSON.stringify(explanation);
      assert.ok(!text.includes(secret) && !text.includes('key=hidden'));
    });
  }
});
