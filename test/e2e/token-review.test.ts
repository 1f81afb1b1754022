/** TokenReview by a real kube-apiserver: service accounts' tokens live and die with what they are bound to. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startCluster, type Cluster } from '../../lab/cluster.ts';
import { apply, asAdmin, createServiceAccountToken, serviceAccount } from '../../lab/kube.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import { provideParts } from '../../lab/parts/provide.ts';
import { waitUntil } from '../../lab/process.ts';
import { replaceFile } from '../../lab/replace-file.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { createClusterAccess } from '../../src/kube/cluster-access.ts';
import {
  createTokenReviewer,
  type ReviewedUser,
  type TokenReviewer,
} from '../../src/kube/token-review.ts';
import { createPod, createPodToken } from '../support/cluster-pods.ts';
import { denialOf } from '../support/denials.ts';
import { forgedToken } from '../support/forged-token.ts';

const namespace = 'default';
const own = 'https://elsewhere.example';

/** kube-apiserver remembers a token that it took for ten seconds, and answers reviews from that. */
const serverMemoryMs = 10_000;

const progress = (): void => undefined;

type Reviewer = TokenReviewer & Pick<KubeClient, 'stop'>;

describe('TokenReview by kube-apiserver', () => {
  const dir = mkdtempSync(join(tmpdir(), 'token-review-'));
  const tokenFile = join(dir, 'reviewer.token');
  let cluster: Cluster;
  let reviewer: Reviewer;
  before(async () => {
    const parts = await provideParts(['etcd', 'kube-apiserver', 'kubectl', 'kwok'], progress);
    cluster = await startCluster({ dir, parts, progress, kwok: false });
    await apply(cluster, reviewerManifests);
    replaceFile(tokenFile, await createServiceAccountToken(cluster, namespace, 'reviewer'));
    reviewer = open();
  });
  after(async () => {
    reviewer.stop();
    await cluster.stop();
    rmSync(dir, { recursive: true });
  });

  function open(file = tokenFile): Reviewer {
    const kubeconfig = `${file}.kubeconfig`;
    writeKubeconfig({
      file: kubeconfig,
      server: cluster.server,
      caFile: cluster.caFile,
      tokenFile: file,
    });
    const client = createKubeClient(createClusterAccess(kubeconfig));
    return { ...createTokenReviewer({ client, cacheTtlMs: 0, timeoutMs: 30_000 }), ...client };
  }

  function review(token: string, audiences: readonly string[] = []): Promise<ReviewedUser> {
    return reviewer.review(token, audiences, Date.now() + 30_000);
  }

  async function assertRejected(token: string, audiences: readonly string[] = []): Promise<void> {
    const { reason } = await denialOf(() => review(token, audiences));
    assert.equal(reason, 'token_rejected');
  }

  /** A token that was reviewed may live on in kube-apiserver's memory; longer than that it must not. */
  async function assertDies(token: string, since: number): Promise<void> {
    await waitUntil('the token to die', async () => {
      const asked = Date.now();
      const isDead = await review(token, [own]).then(
        () => false,
        () => true,
      );
      // Informers bring the news of a deletion; they get five seconds on top.
      assert.ok(isDead || asked < since + serverMemoryMs + 5_000, 'it outlives its time');
      return isDead;
    });
    await assertRejected(token, [own]);
  }

  it('knows a service account by a token for the API server', async () => {
    const token = await account('alice');
    const { username, uid, groups, extra } = await review(token);
    assert.equal(username, 'system:serviceaccount:default:alice');
    assert.match(uid, /^[0-9a-f-]{36}$/);
    assert.deepEqual(groups, [
      'system:serviceaccounts',
      'system:serviceaccounts:default',
      'system:authenticated',
    ]);
    assert.match(String(extra['authentication.kubernetes.io/credential-id']), /^JTI=/);
    assert.equal((await review(token, [own, cluster.serviceAccountIssuer])).username, username);
    await assertRejected(token, [own]);
  });

  it('knows a token for an audience of its own for that one alone', async () => {
    const token = await account('bob', [own]);
    const { username } = await review(token, ['another', own]);
    assert.equal(username, 'system:serviceaccount:default:bob');
    await assertRejected(token);
    await assertRejected(token, ['another']);
    await assertRejected(token, [cluster.serviceAccountIssuer]);
  });

  it('knows an opaque token, too', async () => {
    const { username, groups } = await review(cluster.adminToken);
    assert.deepEqual([username, groups], ['admin', ['system:masters', 'system:authenticated']]);
  });

  it('rejects what is no token of the cluster', async () => {
    const claims = { iss: cluster.serviceAccountIssuer, sub: 'system:serviceaccount:default:bob' };
    for (const token of ['opaque', '', ' ', 'a.b.c', forgedToken({ alg: 'RS256' }, claims)]) {
      await assertRejected(token);
    }
  });

  it('lets a token die with its service account', async () => {
    const [unseen, seen] = [await account('carol', [own]), await account('carol', [own])];
    assert.equal((await review(seen, [own])).username, 'system:serviceaccount:default:carol');
    await asAdmin(cluster, ['delete', 'serviceaccount', 'carol']);
    const since = Date.now();
    await waitUntil('the deletion to be known', async () => {
      return (await denialOf(() => review(unseen, [own]))).reason === 'token_rejected';
    });
    await assertDies(seen, since);
  });

  it('lets a token die with its pod', async () => {
    await account('dave');
    const pod = { name: 'worker', account: 'dave' };
    const uid = await createPod(cluster, pod);
    const token = await createPodToken(cluster, pod, own);
    const { extra } = await review(token, [own]);
    assert.deepEqual(extra['authentication.kubernetes.io/pod-name'], ['worker']);
    assert.deepEqual(extra['authentication.kubernetes.io/pod-uid'], [uid]);
    await asAdmin(cluster, ['delete', 'pod', 'worker', '--grace-period=0', '--force']);
    const since = Date.now();
    await assertDies(token, since);
    await createPod(cluster, pod);
    await assertRejected(token, [own]);
  });

  it('names the permission that a reviewer lacks, and works once it is there', async () => {
    const file = join(dir, 'powerless.token');
    replaceFile(file, await account('powerless'));
    const powerless = open(file);
    const token = await account('erin');
    const ask = (): Promise<ReviewedUser> => powerless.review(token, [], Date.now() + 30_000);
    const { reason, message, cause } = await denialOf(ask);
    assert.equal(reason, 'review_unavailable');
    assert.match(message, /permission to create tokenreviews\.authentication\.k8s\.io/);
    assert.match(String(cause), /"system:serviceaccount:default:powerless" cannot create resource/);
    await apply(cluster, [binding('powerless')]);
    await waitUntil('RBAC to know', () => ask().then(() => true));
    powerless.stop();
  });

  it('answers a thousand reviews at once', async () => {
    const token = await account('frank', [own]);
    // Other audiences are other questions, and so are answered one by one.
    const audiences = Array.from({ length: 1_000 }, (_, index) => [own, `audience-${index}`]);
    const users = await Promise.all(audiences.map((some) => review(token, some)));
    assert.ok(users.every(({ username }) => username === 'system:serviceaccount:default:frank'));
  });

  it('is unavailable when its own token is none', async () => {
    const file = join(dir, 'stranger.token');
    replaceFile(file, 'not-a-token-of-this-cluster');
    const stranger = open(file);
    const { reason, message } = await denialOf(() =>
      stranger.review('opaque', [], Date.now() + 30_000),
    );
    assert.equal(reason, 'review_unavailable');
    assert.match(message, /own credentials/);
    stranger.stop();
  });

  /** A token of a service account, which is made if it isn't there. */
  async function account(name: string, audiences: readonly string[] = []): Promise<string> {
    await apply(cluster, [serviceAccount(namespace, name)]);
    return createServiceAccountToken(cluster, namespace, name, { audiences });
  }
});

const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'review-tokens' };

const reviewerManifests = [
  serviceAccount(namespace, 'reviewer'),
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: role.name },
    rules: [
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    ],
  },
  binding('reviewer'),
];

function binding(name: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: `review-tokens-${name}` },
    roleRef: role,
    subjects: [{ kind: 'ServiceAccount', namespace, name }],
  };
}
