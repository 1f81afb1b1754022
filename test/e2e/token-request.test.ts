/** TokenRequest by a real kube-apiserver: what a minted token is good for, until when, and how it is refused. */
import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startCluster, type Cluster } from '../../lab/cluster.ts';
import {
  apply,
  asAdmin,
  createNamespace,
  createServiceAccountToken,
  serviceAccount,
} from '../../lab/kube.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import { provideParts } from '../../lab/parts/provide.ts';
import { waitUntil } from '../../lab/process.ts';
import { replaceFile } from '../../lab/replace-file.ts';
import { bindToOwnPod, boundPodOf } from '../../src/credentials/bound-pod.ts';
import { createMintedTokens } from '../../src/credentials/minted-tokens.ts';
import { createKubeClient, type KubeAnswer, type KubeClient } from '../../src/kube/client.ts';
import { createClusterAccess } from '../../src/kube/cluster-access.ts';
import { requestToken, type MintedToken, type TokenAccount } from '../../src/kube/token-request.ts';
import { createPod } from '../support/cluster-pods.ts';
import { denialOf } from '../support/denials.ts';

const namespace = 'default';
const silent = (): void => undefined;
const own: readonly string[] = [];
const robot: TokenAccount = { namespace, name: 'robot', audiences: own, expirationSeconds: 600 };

describe('TokenRequest by kube-apiserver', () => {
  const dir = mkdtempSync(join(tmpdir(), 'token-request-'));
  const clients: KubeClient[] = [];
  let cluster: Cluster;
  let minter: KubeClient;
  let files = 0;
  before(async () => {
    const parts = await provideParts(['etcd', 'kube-apiserver', 'kubectl', 'kwok'], silent);
    cluster = await startCluster({ dir, parts, progress: silent, kwok: false });
    await createNamespace(cluster, 'ending');
    await apply(cluster, manifests);
    minter = await open('minter');
    await waitUntil('RBAC to know', async () => (await mint(robot)).token !== '');
  });
  after(async () => {
    for (const client of clients) client.stop();
    await cluster.stop();
    rmSync(dir, { recursive: true });
  });

  /** One that asks with this token. */
  function openWith(token: string): KubeClient {
    const tokenFile = join(dir, `token-${(files += 1)}`);
    replaceFile(tokenFile, token);
    const { server, caFile } = cluster;
    writeKubeconfig({ file: `${tokenFile}.kubeconfig`, server, caFile, tokenFile });
    const client = createKubeClient(createClusterAccess(`${tokenFile}.kubeconfig`));
    clients.push(client);
    return client;
  }
  async function open(account: string): Promise<KubeClient> {
    return openWith(await createServiceAccountToken(cluster, namespace, account));
  }
  function mint(account: TokenAccount, client = minter): Promise<MintedToken> {
    return requestToken(client, account, AbortSignal.timeout(30_000));
  }
  /** Who the API server takes the bearer of a token for. */
  function whoAmI(token: string): Promise<KubeAnswer> {
    const [kind, apiVersion] = ['SelfSubjectReview', 'authentication.k8s.io/v1'];
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    return openWith(token).post(path, { kind, apiVersion }, AbortSignal.timeout(30_000));
  }
  async function userOf(token: string): Promise<User> {
    const { status, content } = await whoAmI(token);
    assert.equal(status, 201);
    return JSON.parse(JSON.stringify(content)).status.userInfo;
  }
  async function refused(account: TokenAccount, client = minter): Promise<string> {
    const { reason, message } = await denialOf(() => mint(account, client));
    assert.equal(reason, 'credential_unavailable');
    const words = `there is no token of the service account ${account.namespace}/${account.name}: `;
    assert.ok(message.startsWith(words), message);
    return message.slice(words.length);
  }

  it('mints a token that is the account, for ten minutes', async () => {
    const askedAt = Date.now();
    const { token, expiresAt } = await mint(robot);
    assert.ok(expiresAt >= askedAt + 600_000 && expiresAt <= Date.now() + 600_000);
    const { username, groups } = await userOf(token);
    assert.equal(username, 'system:serviceaccount:default:robot');
    assert.ok(groups.includes('system:serviceaccounts:default'));
    const { iat = 0, exp = 0 } = decodeJwt(token);
    assert.equal(exp - iat, 600);
    assert.ok(exp * 1000 > expiresAt - 1_000, 'the end that we know is not past the true one');
  });

  it('mints it for the audiences that are asked for, and no other', async () => {
    const { token } = await mint({ ...robot, audiences: ['vault', 'https://other.example'] });
    assert.deepEqual(decodeJwt(token).aud, ['vault', 'https://other.example']);
    assert.equal((await whoAmI(token)).status, 401);
  });

  it('is kept fresh and at hand', async (t) => {
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    const tokens = createMintedTokens({
      request: (one, signal) => requestToken(minter, one, signal),
      log,
    });
    t.after(tokens.stop);
    const kept = tokens.keep(robot);
    await waitUntil('the token', () => kept.fault() === undefined);
    const token = tokens.tokenFor(robot, { deadline: 0 });
    assert.ok(typeof token === 'string');
    assert.equal((await userOf(token)).username, 'system:serviceaccount:default:robot');
    assert.ok((kept.expiry() ?? 0) <= (decodeJwt(token).exp ?? 0) + 1);
  });

  it('refuses whoever lacks the permission, and says which', async () => {
    const sentence =
      /^this proxy's own account lacks the permission to create serviceaccounts\/token/;
    assert.match(await refused(robot, await open('powerless')), sentence);
    // Ours is for one name alone.
    assert.match(await refused({ ...robot, name: 'default' }), sentence);
    const stranger = openWith('not-a-token-of-this-cluster');
    assert.match(
      await refused(robot, stranger),
      /^the API server does not accept this proxy's own/,
    );
  });

  it('knows no account that is not there, or not there any more', async () => {
    await apply(cluster, [serviceAccount(namespace, 'passing')]);
    const passing = { ...robot, name: 'passing' };
    const { token } = await mint(passing);
    assert.equal((await whoAmI(token)).status, 201);
    await asAdmin(cluster, ['delete', 'serviceaccount', 'passing']);
    assert.equal(await refused(passing), 'that service account does not exist');
    await waitUntil('the token to die', async () => (await whoAmI(token)).status === 401);
    const elsewhere = { ...passing, namespace: 'nowhere' };
    assert.equal(await refused(elsewhere), 'its namespace does not exist');
  });

  it('tells a namespace that is being deleted from a permission that is not there', async () => {
    await asAdmin(cluster, ['delete', 'namespace', 'ending', '--wait=false']);
    const ending = { ...robot, namespace: 'ending', name: 'passing' };
    const { message, cause } = await denialOf(() => mint(ending));
    assert.match(message, /ending\/passing: a rule of the API server's forbids it/);
    assert.match(String(cause), /because it is being terminated/);
  });

  it('takes no life shorter than ten minutes', async () => {
    assert.match(
      await refused({ ...robot, expirationSeconds: 599 }),
      /^the API server does not take the request/,
    );
  });

  it('binds our own token to our Pod: it names the Pod, and dies with it', async () => {
    const uid = await createPod(cluster, { name: 'proxy-1', account: 'robot' });
    const pod = boundPodOf({
      POD_NAMESPACE: namespace,
      POD_NAME: 'proxy-1',
      POD_UID: uid,
      POD_SERVICE_ACCOUNT: 'robot',
    });
    const bound = bindToOwnPod(robot, pod);
    const { token } = await mint(bound);
    const { extra } = await userOf(token);
    assert.deepEqual(extra['authentication.kubernetes.io/pod-name'], ['proxy-1']);
    assert.deepEqual(extra['authentication.kubernetes.io/pod-uid'], [uid]);
    assert.match(extra['authentication.kubernetes.io/credential-id']?.[0] ?? '', /^JTI=/);
    assert.equal(
      await refused({ ...robot, boundPod: { name: 'proxy-1', uid: `${uid}0` } }),
      'the Pod that it would be bound to is not this one any more',
    );
    await asAdmin(cluster, ['delete', 'pod', 'proxy-1', '--now']);
    await waitUntil('the token to die', async () => (await whoAmI(token)).status === 401);
    assert.equal(await refused(bound), 'the Pod that it would be bound to does not exist');
  });

  it("binds nobody else's token to our Pod", async () => {
    const uid = await createPod(cluster, { name: 'proxy-2', account: 'minter' });
    const bound = { ...robot, boundPod: { name: 'proxy-2', uid } };
    const { message, cause } = await denialOf(() => mint(bound));
    assert.match(message, /does not take the request/);
    assert.match(String(cause), /cannot bind token for serviceaccount "robot" to pod running with/);
  });
});

interface User {
  readonly username: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[] | undefined>>;
}

const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
const apiGroup = 'rbac.authorization.k8s.io';

const manifests = [
  serviceAccount(namespace, 'minter'),
  serviceAccount(namespace, 'powerless'),
  serviceAccount(namespace, 'robot'),
  serviceAccount('ending', 'passing'),
  {
    ...rbac,
    kind: 'ClusterRole',
    metadata: { name: 'mint' },
    rules: [
      {
        apiGroups: [''],
        resources: ['serviceaccounts/token'],
        verbs: ['create'],
        resourceNames: ['robot', 'passing'],
      },
    ],
  },
  {
    ...rbac,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'mint' },
    roleRef: { apiGroup, kind: 'ClusterRole', name: 'mint' },
    subjects: [{ kind: 'ServiceAccount', namespace, name: 'minter' }],
  },
];
