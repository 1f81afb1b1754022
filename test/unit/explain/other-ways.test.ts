/** Explain where the API server is asked about tokens, where requests act as a service account, and where something is missing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Denial } from '../../../src/denial/denial.ts';
import { explainRequest } from '../../../src/explain/explain.ts';
import type { Explanation } from '../../../src/explain/trace.ts';
import type { TokenReviewer } from '../../../src/kube/token-review.ts';
import { grantingReviewer } from '../../support/access-grants.ts';
import { explainAlike, robot, worldOf, type Settings } from '../../support/explained.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import { kubeRequest } from '../../support/kube-request.ts';
import { createEcKey, fixedKeys, signToken } from '../../support/signed-token.ts';

const url = 'https://issuer.example';
const key = createEcKey('k');
const stranger = createEcKey('stranger');
const claims = {
  iss: url,
  aud: 'kubernetes',
  exp: Math.floor(Date.now() / 1000) + 600,
  sub: 'alice',
  groups: ['dev'],
};
const people = { url, rules: plainRules, keys: fixedKeys(key) };
const strangers = {
  url,
  rules: { ...plainRules, name: 'strangers', audiences: ['others'] },
  keys: fixedKeys(stranger),
};
const terms = { account: robot, audiences: [], expirationSeconds: 600 };
const asRobot = {
  ...people,
  rules: { ...plainRules, actAs: 'serviceAccount', serviceAccount: terms },
} as const;
const asOurselves = { ...people, rules: { ...plainRules, actAs: 'serviceAccount' } } as const;
const reviewed = { ...people, rules: { ...plainRules, tokenReview: true } };
const bob = [{ name: 'impersonate-user', value: 'bob' }];
const yes = reviewer(() => Promise.resolve({ username: 'bo', uid: '', groups: ['x'], extra: {} }));
const no = reviewer(() => Promise.reject(new Denial('token_rejected', 'no')));
const down = reviewer(() => Promise.reject(new Denial('review_unavailable', 'down')));
const good = signToken(key, claims);

const cases: readonly (readonly [
  title: string,
  token: string,
  settings: Settings,
  end: string,
  headers?: Parameters<typeof kubeRequest>[0],
])[] = [
  [
    'an entry that asks the API server, which says yes',
    good,
    { issuers: [reviewed], tokenReviewer: yes },
    'allow',
  ],
  [
    'an entry that asks the API server, which says no',
    good,
    { issuers: [reviewed], tokenReviewer: no },
    'token_rejected',
  ],
  [
    'an entry that asks the API server, which is down',
    good,
    { issuers: [reviewed], tokenReviewer: down },
    'review_unavailable',
  ],
  [
    'an entry that asks the API server, before another of the same issuer',
    good,
    { issuers: [reviewed, people], tokenReviewer: no },
    'token_rejected',
  ],
  [
    'no entry, and nobody else',
    signToken(key, { ...claims, iss: `${url}/` }),
    { issuers: [people] },
    'issuer_unknown',
  ],
  [
    'no entry, but the API server',
    signToken(key, { ...claims, iss: 'https://x.example' }),
    { issuers: [people], tokenReviewer: yes, reviewOthers: { audiences: [] } },
    'allow',
  ],
  [
    'no entry, and not the API server',
    signToken(key, { ...claims, iss: 'https://x.example' }),
    { issuers: [people], tokenReviewer: no, reviewOthers: { audiences: [] } },
    'token_rejected',
  ],
  [
    'garbage that the API server takes',
    'opaque',
    { issuers: [people], tokenReviewer: yes, reviewOthers: { audiences: [] } },
    'allow',
  ],
  ['garbage that nobody is asked about', 'opaque', { issuers: [people] }, 'token_malformed'],
  ['nothing', '', { issuers: [people] }, 'token_missing'],
  ['more than 64 KiB', 'x'.repeat(70_000), { issuers: [people] }, 'token_too_large'],
  ['two tokens in one line', `${good},${good}`, { issuers: [people] }, 'authorization_ambiguous'],
  ['the second of two entries', good, { issuers: [strangers, people] }, 'allow'],
  [
    'neither of two entries',
    signToken(createEcKey('k'), claims, { kid: undefined }),
    { issuers: [strangers, people] },
    'token_signature',
  ],
  [
    'the entry that knows more, whichever comes first',
    signToken(stranger, claims),
    { issuers: [strangers, people] },
    'token_audience',
  ],
  [
    'the entry that knows more',
    signToken(stranger, claims),
    { issuers: [people, strangers] },
    'token_audience',
  ],
  [
    'an issuer without keys',
    good,
    { issuers: [{ ...people, keys: fixedKeys() }] },
    'issuer_unavailable',
  ],
  [
    'a token that lives too long',
    good,
    { issuers: [{ ...people, rules: { ...plainRules, maxTokenLifetimeMs: 1_000 } }] },
    'token_lifetime',
  ],
  ['a service account', good, { issuers: [asRobot] }, 'allow'],
  ['our own service account', good, { issuers: [asOurselves] }, 'allow'],
  [
    'a service account that shall be somebody else',
    good,
    { issuers: [asRobot] },
    'impersonation_denied',
    { impersonation: bob },
  ],
  ['no token of our own', good, { issuers: [people], own: missing() }, 'credential_unavailable'],
  [
    'an extra that is ours',
    good,
    {
      issuers: [people],
      ownExtra: { originalUserExtra: 'o', clientIP: false, static: { team: ['x'] } },
    },
    'reserved_name',
    { impersonation: [...bob, { name: 'impersonate-extra-team', value: 'y' }] },
  ],
  [
    'extras for everybody',
    good,
    {
      issuers: [people],
      ownExtra: { originalUserExtra: 'o', clientIP: false, static: { team: ['x'] } },
    },
    'allow',
  ],
  [
    'a name that no header carries',
    good,
    { issuers: [people], accessReviewer: grantingReviewer({ grants: () => true }) },
    'name_not_carriable',
    { impersonation: [{ name: 'impersonate-user', value: ' bob' }] },
  ],
];

describe('explain ends as the server does with', () => {
  for (const [title, token, settings, end, headers = {}] of cases) {
    it(title, async () => {
      const request = kubeRequest({ authorization: [`Bearer ${token}`], ...headers });
      const now = Date.now();
      const { decision, reason } = await explainAlike({ ...settings, now: () => now })(request);
      assert.equal(decision === 'allow' ? 'allow' : reason, end);
    });
  }
});

describe('without a connection', () => {
  it('the signature, the reviews and the token are left out, and nothing is called allowed', async () => {
    const explanation = await offline(good, { issuers: [reviewed] });
    assert.equal(explanation.decision, 'unknown');
    assert.deepEqual(explanation.leftOut, [
      "the issuer's keys were not asked for",
      'the API server was not asked',
    ]);
    assert.equal(explanation.inbound?.username, 'alice');
  });

  it('every mode is shown with its questions', async () => {
    const explanation = await offline(good, { issuers: [people] }, bob);
    assert.deepEqual(
      explanation.modes.map(({ mode, outcome, rows }) => [mode, outcome, rows.length]),
      [
        ['user-info', 'leftOut', 2],
        ['legacy', 'leftOut', 1],
      ],
    );
    assert.equal(explanation.upstream?.identity.username, 'bob');
    assert.equal(explanation.decision, 'unknown');
  });

  it('a mode that is refused whatever is granted is refused', async () => {
    const lines = [...bob, { name: 'impersonate-group', value: 'system:masters' }];
    const { modes, decision } = await offline(good, { issuers: [people] }, lines);
    assert.deepEqual(
      modes.map(({ outcome }) => outcome),
      ['refused', 'leftOut'],
    );
    assert.equal(decision, 'unknown');
  });

  it('what needs none still refuses', async () => {
    const { decision, reason } = await offline(signToken(key, { ...claims, exp: 1 }), {
      issuers: [people],
    });
    assert.deepEqual([decision, reason], ['deny', 'token_expired']);
  });

  it('a token of nobody that the API server may know is not known', async () => {
    const settings = { issuers: [people], reviewOthers: { audiences: [] } };
    const { decision, leftOut } = await offline('opaque', settings);
    assert.equal(decision, 'unknown');
    assert.match(leftOut.join(), /no entry claims the token/);
  });
});

function offline(
  token: string,
  settings: Settings,
  impersonation = bob.slice(1),
): Promise<Explanation> {
  const world = worldOf(settings);
  const entries = world.entries.map((entry) => ({
    ...entry,
    open: () => ({ keys: undefined, claimSources: undefined }),
  }));
  const request = kubeRequest({ authorization: [`Bearer ${token}`], impersonation });
  const silent = { ...world, entries, tokenReviewer: undefined, accessReviewer: undefined };
  return explainRequest(request, undefined, silent);
}

function reviewer(review: TokenReviewer['review']): TokenReviewer {
  return { review };
}

function missing(): NonNullable<Settings['own']> {
  const denial = new Denial('credential_unavailable', 'there is none');
  return { source: 'its place', identity: () => Promise.reject(denial), isMinted: false };
}
