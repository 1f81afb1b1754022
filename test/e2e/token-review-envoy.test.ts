/** TokenReview from end to end: kubectl through Envoy with service accounts' tokens, beside the same tokens sent straight. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createLocalJWKSet, jwtVerify } from 'jose';
import {
  apply,
  asAdmin,
  createServiceAccountToken,
  serviceAccount,
  type TokenRequestOptions,
} from '../../lab/kube.ts';
import { runKubectl } from '../../lab/kubectl.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import { nodeName } from '../../lab/kwok.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { waitUntil } from '../../lab/process.ts';
import { createPod, createPodToken } from '../support/cluster-pods.ts';
import { manifestsOf } from '../support/documents.ts';
import { forgedToken } from '../support/forged-token.ts';
import { reviewsOf } from '../support/review-counts.ts';
import { startFront, type Front } from '../support/second-front.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const role = 'kube-ext-authz-token-review';
const ownAudience = 'https://proxy.example';
const rejected = /the API server does not accept the bearer token; get a new one/;

/** The news of a deletion takes a moment; kube-apiserver remembers a token that it saw for ten seconds, and we for ten more. */
const longestLife = { unused: 10_000, used: 30_000 };

describe('TokenReview behind Envoy', () => {
  let quickstart: Quickstart;
  /** Puts the tokens that no entry claims to the API server; there is no entry. */
  let unclaimed: Front;
  /** Has the cluster's own issuer as an entry, and asks the API server as well. */
  let entry: Front;
  before(async () => {
    quickstart = await startTemporaryQuickstart();
    const { cluster } = quickstart;
    await apply(cluster, manifestsOf('docs/tokens.md', role));
    unclaimed = await startFront(quickstart, 'unclaimed', { tokenReview: { audiences: [] } });
    entry = await startFront(quickstart, 'entry', { jwt: [ownCluster(quickstart)] });
    await waitUntil('RBAC and the keys to be known', async () => {
      const [plain, own] = [await account('first'), await account('first', [ownAudience])];
      const answers = [await unclaimed.get(plain, '/version'), await entry.get(own, '/version')];
      return answers.every(({ status }) => status === 200);
    });
  });
  after(async () => {
    await entry.stop();
    await unclaimed.stop();
    await quickstart.stop();
  });

  /** A token of a service account, which is made if it isn't there. */
  async function account(
    name: string,
    audiences: TokenRequestOptions['audiences'] = [],
  ): Promise<string> {
    await apply(quickstart.cluster, [serviceAccount('default', name)]);
    return createServiceAccountToken(quickstart.cluster, 'default', name, { audiences });
  }

  async function whoAmIStraight(token: string): Promise<unknown> {
    const { cluster, files, parts } = quickstart;
    const file = join(files.dir, 'straight.kubeconfig');
    writeKubeconfig({ file, server: cluster.server, caFile: cluster.caFile, token });
    return userOf(await runKubectl(parts, file, whoAmI));
  }

  it('makes a service account the user that it is without a proxy', async () => {
    const token = await account('alice');
    const user = userOf(await unclaimed.kubectl(token, ...whoAmI));
    assert.equal(user.username, 'system:serviceaccount:default:alice');
    assert.deepEqual(user.groups, [
      'system:serviceaccounts',
      'system:serviceaccounts:default',
      'system:authenticated',
    ]);
    assert.deepEqual(user, await whoAmIStraight(token));
  });

  it('makes it that user with the Pod and the node of its token, too', async () => {
    await account('bob');
    const pod = { name: 'bob', account: 'bob', node: nodeName };
    const uid = await createPod(quickstart.cluster, pod);
    const token = await createPodToken(quickstart.cluster, pod);
    const user = userOf(await unclaimed.kubectl(token, ...whoAmI));
    assert.deepEqual(user.extra['authentication.kubernetes.io/pod-uid'], [uid]);
    assert.deepEqual(user.extra['authentication.kubernetes.io/node-name'], [nodeName]);
    assert.deepEqual(user, await whoAmIStraight(token));
  });

  for (const [what, make] of [
    ['for another audience', () => account('alice', [ownAudience])],
    ['that is no JWT', () => 'opaque'],
    ['of an issuer that nobody knows', () => quickstart.issuer.mint({ sub: 'alice' })],
    ['that nobody signed', () => forgedToken({ alg: 'none' }, claimsOf('alice'))],
    ['with a signature that nobody made', () => forgedToken({ alg: 'RS256' }, claimsOf('alice'))],
  ] as const) {
    it(`refuses a token ${what}`, async () => {
      const { status, body } = await unclaimed.get(await make());
      assert.equal(status, 401);
      assert.match(body, rejected);
    });
  }

  function claimsOf(name: string): object {
    const [iss, exp] = [
      quickstart.cluster.serviceAccountIssuer,
      Math.floor(Date.now() / 1000) + 600,
    ];
    return { iss, aud: [iss], exp, sub: `system:serviceaccount:default:${name}` };
  }

  it('takes at an entry what is for the entry, and nothing that is for the API server', async () => {
    const plain = await entry.get(await account('alice'));
    assert.equal(plain.status, 401);
    assert.match(plain.body, /the token was issued for another audience/);
    const user = userOf(await entry.kubectl(await account('alice', [ownAudience]), ...whoAmI));
    assert.equal(user.username, 'system:serviceaccount:default:alice');
  });

  it('lets a token die with its account, though its signature stays good', async () => {
    const { cluster } = quickstart;
    const doors = await Promise.all(
      [
        { front: unclaimed, audiences: [] },
        { front: entry, audiences: [ownAudience] },
      ].map(async ({ front, audiences }) => ({
        front,
        used: await account('carol', audiences),
        unused: await account('carol', audiences),
      })),
    );
    for (const { front, used } of doors)
      assert.equal((await front.get(used, '/version')).status, 200);
    await asAdmin(cluster, ['delete', 'serviceaccount', 'carol']);
    for (const { front, unused } of doors) await seeDie('unused', front, unused);
    for (const { front, used } of doors) await seeDie('used', front, used);
    const keys = JSON.parse(await asAdmin(cluster, ['get', '--raw', '/openid/v1/jwks']));
    for (const { used } of doors) await jwtVerify(used, createLocalJWKSet(keys));
  });

  it('counts what was asked, and what was remembered', async () => {
    const token = await account('dave');
    const earlier = await reviewsOf(unclaimed.server.adminUrl);
    for (const sent of [token, 'opaque', token, 'opaque', token]) {
      const { status } = await unclaimed.get(sent, '/version');
      assert.equal(status, sent === token ? 200 : 401);
    }
    const counts = await reviewsOf(unclaimed.server.adminUrl);
    const grown = (key: string): number => (counts[key] ?? 0) - (earlier[key] ?? 0);
    assert.deepEqual(['denied miss', 'denied hit', 'error miss'].map(grown), [2, 0, 0]);
    assert.deepEqual(['allowed miss', 'allowed hit'].map(grown), [1, 2]);
  });

  it('says which permission our account lacks, with 503, until it is there', async () => {
    const { cluster } = quickstart;
    await asAdmin(cluster, ['delete', 'clusterrolebinding', role]);
    const [plain, own] = [await account('erin'), await account('erin', [ownAudience])];
    for (const [front, token] of [
      [unclaimed, () => account('erin')],
      [entry, () => account('erin', [ownAudience])],
    ] as const) {
      const { body } = await waitUntil('RBAC to forget', async () => {
        const answer = await front.get(await token());
        return answer.status === 503 ? answer : undefined;
      });
      assert.match(body, /lacks the permission to create tokenreviews\.authentication\.k8s\.io/);
      const { 'error miss': errors = 0 } = await reviewsOf(front.server.adminUrl);
      assert.ok(errors > 0);
    }
    const { code, stderr } = await unclaimed.kubectl(plain, 'get', 'pods');
    assert.notEqual(code, 0);
    assert.match(stderr, /lacks the permission to create tokenreviews\.authentication\.k8s\.io/);
    await apply(cluster, manifestsOf('docs/tokens.md', role));
    for (const [front, token] of [
      [unclaimed, plain],
      [entry, own],
    ] as const) {
      await waitUntil(
        'RBAC to know',
        async () => (await front.get(token, '/version')).status === 200,
      );
    }
  });
});

async function seeDie(
  what: keyof typeof longestLife,
  { get }: Front,
  token: string,
): Promise<void> {
  const { body } = await waitUntil(
    `the ${what} token to die`,
    async () => {
      const answer = await get(token, '/version');
      assert.ok([200, 401].includes(answer.status), `${answer.status}: ${answer.body}`);
      return answer.status === 401 ? answer : undefined;
    },
    { timeoutMs: longestLife[what] },
  );
  assert.match(body, rejected);
}

const whoAmI = ['auth', 'whoami', '-o', 'json'] as const;

interface User {
  readonly username: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

function userOf({ code, stdout, stderr }: Awaited<ReturnType<typeof runKubectl>>): User {
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout).status.userInfo;
}

/** The cluster as an issuer like any other, for an audience of the proxy's own. */
function ownCluster({ cluster, files }: Quickstart): object {
  return {
    name: 'own',
    issuer: {
      url: cluster.serviceAccountIssuer,
      audiences: [ownAudience],
      certificateAuthority: readFileSync(cluster.caFile, 'utf8'),
      discoveryTokenFile: files.serverToken,
    },
    claimMappings: { username: { claim: 'sub', prefix: '' } },
    allowReservedNames: true,
    tokenReview: true,
  };
}
