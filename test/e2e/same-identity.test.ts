/**
 * kube-apiserver is the oracle: the same AuthenticationConfiguration is given to it and to us, and each token is sent straight to
 * it and through Envoy. Both end as the same user, or both are refused; where we refuse more, the row says so.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { createSigningKey, type Issuer } from '../../lab/issuer.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { waitUntil } from '../../lab/wait.ts';
import { forgedToken } from '../support/forged-token.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

/** `same`: both take it alike; `refused`: both refuse it; `ours`: only we refuse it, by design. */
type Verdict = 'same' | 'refused' | 'ours';

type Row = readonly [verdict: Verdict, what: string, claims: Readonly<Record<string, unknown>>];

const now = Math.floor(Date.now() / 1000);

const rows: readonly Row[] = [
  ['same', 'plain claims', {}],
  ['same', 'no groups', { groups: undefined }],
  ['same', 'null for groups', { groups: null }],
  ['same', 'an empty list of groups', { groups: [] }],
  ['same', 'a text for groups', { groups: 'dev' }],
  ['same', 'groups with commas, spaces and quotes', { groups: ['a,b', 'a b', '"a"', "'"] }],
  ['same', 'the same group twice', { groups: ['dev', 'ops', 'dev'] }],
  ['same', 'many groups', { groups: Array.from({ length: 300 }, (_, index) => `team-${index}`) }],
  ['same', 'text that is not ASCII', { sub: 'größe', groups: ['日本', 'naïve'], team: 'é' }],
  ['same', 'a name like an address', { sub: 'alice@example.com' }],
  ['same', 'a name with percent signs', { sub: '%41%0a', groups: ['%2f'] }],
  ['same', 'a name with a slash and a colon', { sub: 'https://issuer#alice:1' }],
  ['same', 'null for the uid', { uid: null }],
  ['same', 'an empty uid', { uid: '' }],
  ['same', 'several values of the extra', { team: ['a', 'b,c', 'a'] }],
  ['same', 'empty values of the extra', { team: ['', 'a', ''] }],
  ['same', 'an empty extra', { team: '' }],
  ['same', 'null for the extra', { team: null }],
  ['same', 'an empty list for the extra', { team: [] }],
  ['same', 'an identity of the token', { jti: 'one two' }],
  ['same', 'an identity of the token that is a number', { jti: 7 }],
  ['same', 'several audiences', { aud: ['other', 'kubernetes'] }],
  ['same', 'an end in a text', { exp: String(now + 600) }],
  ['same', 'an end with a fraction', { exp: now + 600.9 }],
  ['same', 'a beginning in half a minute', { nbf: now + 30 }],
  ['same', 'a time of issue in the future', { iat: now + 3600 }],
  ['same', 'no time of issue', { iat: undefined }],
  ['same', 'claims that mean nothing', { email_verified: false, azp: 'x', nonce: 'y' }],
  ['refused', 'no user', { sub: undefined }],
  ['refused', 'a number as the user', { sub: 7 }],
  ['refused', 'a list as the user', { sub: ['alice'] }],
  ['refused', 'a map as the user', { sub: { name: 'alice' } }],
  ['refused', 'a number as groups', { groups: 7 }],
  ['refused', 'a map as groups', { groups: { dev: true } }],
  ['refused', 'a number among the groups', { groups: ['dev', 7] }],
  ['refused', 'a list among the groups', { groups: [['dev']] }],
  ['refused', 'a number as the uid', { uid: 7 }],
  ['refused', 'no uid', { uid: undefined }],
  ['refused', 'no extra', { team: undefined }],
  ['refused', 'a number as the extra', { team: 7 }],
  ['refused', 'a number among the extra', { team: ['a', 7] }],
  ['refused', 'a map as the extra', { team: {} }],
  ['refused', 'no end', { exp: undefined }],
  ['refused', 'an end that has passed', { exp: now - 60 }],
  ['refused', 'null for the end', { exp: null }],
  ['refused', 'a word for the end', { exp: 'never' }],
  ['refused', 'a beginning in five minutes', { nbf: now + 300 }],
  ['refused', 'a word for the beginning', { nbf: 'now' }],
  ['refused', 'a word for the time of issue', { iat: 'now' }],
  ['refused', 'another audience', { aud: 'other' }],
  ['refused', 'an audience in another case', { aud: 'Kubernetes' }],
  ['refused', 'no audience', { aud: undefined }],
  ['refused', 'another issuer', { iss: 'https://elsewhere' }],
  ['ours', 'an empty user, who upstream would be the proxy', { sub: '' }],
  ['ours', 'null for the user', { sub: null }],
  ['ours', 'a blank user', { sub: ' ' }],
  ['ours', 'a user that HTTP would trim', { sub: ' alice' }],
  ['ours', 'a user with a line break', { sub: 'alice\n' }],
  ['same', 'an empty group', { groups: [''] }],
  ['same', 'null among the groups, which is an empty group', { groups: ['dev', null] }],
  ['ours', 'a group that HTTP would trim', { groups: ['system:masters '] }],
  ['ours', 'a user of Kubernetes', { sub: 'system:admin' }],
  ['ours', 'a service account', { sub: 'system:serviceaccount:default:default' }],
  ['ours', 'a group of Kubernetes', { groups: ['system:masters'] }],
];

type Made = readonly [what: string, make: (issuer: Issuer) => Promise<string> | string];

const defects: readonly Made[] = [
  [
    'alg none',
    ({ url }) => forgedToken({ alg: 'none' }, { iss: url, aud: 'kubernetes', sub: 'a' }),
  ],
  [
    "a stranger's signature",
    async (issuer) =>
      issuer.mint(
        { sub: 'alice', uid: '1', team: 'x' },
        { key: { ...(await createSigningKey('RS256')), kid: issuer.key.kid } },
      ),
  ],
  ['no token at all', () => 'x'],
  ['an encrypted token', () => 'a.b.c.d.e'],
  [
    'a changed claim',
    async (issuer) => {
      const parts = (await issuer.mint({ sub: 'alice', uid: '1', team: 'x' })).split('.');
      const claims = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString());
      const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url');
      return [parts[0], changed, parts[2]].join('.');
    },
  ],
];

const userInfo = z.object({
  username: z.string().optional(),
  uid: z.string().optional(),
  groups: z.array(z.string()).optional(),
  extra: z.record(z.string(), z.array(z.string())).optional(),
});

const review = z.object({ status: z.object({ userInfo }) });

interface Answer {
  readonly status: number;
  readonly user?: z.infer<typeof userInfo> | undefined;
}

describe('the same token, straight to kube-apiserver and through Envoy', () => {
  let quickstart: Quickstart;
  let trusted: string;
  before(async () => {
    quickstart = await startTemporaryQuickstart({ nativeTokens: true });
    trusted = readFileSync(quickstart.files.ca, 'utf8');
    // kube-apiserver fetches the issuer's keys in the background, too.
    const token = await quickstart.issuer.mint({ sub: 'alice', uid: '1', team: 'x' });
    await waitUntil('kube-apiserver to take a token', async () => {
      return (await whoAmI(quickstart.cluster.server, token)).status === 201;
    });
  });
  after(() => quickstart.stop());

  function whoAmI(server: string, token: string): Promise<Answer> {
    return reviewSelf(`${server}/apis/authentication.k8s.io/v1/selfsubjectreviews`, trusted, token);
  }

  for (const [verdict, what, claims] of rows) {
    const end = { same: 'is the same user', refused: 'is refused', ours: 'is refused by us' };
    it(`with ${what} ${end[verdict]}`, async () => {
      const base = { sub: 'alice', uid: 'u-1', groups: ['dev'], team: 'blue' };
      const token = await quickstart.issuer.mint({ ...base, ...claims });
      const straight = await whoAmI(quickstart.cluster.server, token);
      const through = await whoAmI(quickstart.envoy.url, token);
      assert.equal(straight.status, verdict === 'refused' ? 401 : 201);
      if (verdict === 'same') assert.deepEqual(through, straight);
      else assert.ok([401, 403].includes(through.status), String(through.status));
    });
  }

  for (const [what, make] of defects) {
    it(`with ${what} is refused`, async () => {
      const token = await make(quickstart.issuer);
      assert.equal((await whoAmI(quickstart.cluster.server, token)).status, 401);
      assert.equal((await whoAmI(quickstart.envoy.url, token)).status, 401);
    });
  }
});

function reviewSelf(url: string, ca: string, token: string): Promise<Answer> {
  const body = JSON.stringify({
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', ca, headers, agent: false, timeout: 20_000 };
    const outgoing = request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('error', reject).on('end', () => {
        const { statusCode: status = 0 } = response;
        resolve(
          status === 201
            ? { status, user: review.parse(JSON.parse(text)).status.userInfo }
            : { status },
        );
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', reject).end(body);
  });
}
