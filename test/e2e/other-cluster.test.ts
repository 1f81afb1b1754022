/**
 * Service accounts of another cluster: its API server is the issuer, and another API server is where their requests go. The
 * configuration is the documents' own, with the addresses of the test.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { readAudit, type KubeAuditEvent } from '../../lab/audit-log.ts';
import { startCluster, type Cluster } from '../../lab/cluster.ts';
import { createSigningKey, signToken } from '../../lab/issuer.ts';
import { apply, asAdmin, createServiceAccountToken, serviceAccount } from '../../lab/kube.ts';
import { nodeManifest, nodeName } from '../../lab/kwok.ts';
import { waitUntil } from '../../lab/process.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { replaceFile } from '../../lab/replace-file.ts';
import { createPod, createPodToken } from '../support/cluster-pods.ts';
import { configurationOf, manifestsOf } from '../support/documents.ts';
import { startFront, type Front } from '../support/second-front.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const document = 'docs/tokens.md';
/** The role of our account, and its binding. */
const grant = 'kube-ext-authz-east';
const audience = 'west';
const robot = 'system:serviceaccount:default:robot';
const worker = { name: 'worker', account: 'robot', node: nodeName };
const unplaced = { name: 'unplaced', account: 'robot' };
const stranger = { name: 'stranger', account: 'other', node: nodeName };

/** kube-apiserver shows its discovery documents to those who may see them. */
const discoveryAccess = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'discovery-reader' },
  roleRef: {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'system:service-account-issuer-discovery',
  },
  subjects: [{ kind: 'ServiceAccount', namespace: 'default', name: 'discovery-reader' }],
};

/** The robot may do in the target cluster what alice may. */
const robotAccess = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { namespace: 'default', name: 'robot' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'pod-user' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `east:${robot}` }],
};

describe("another cluster's service account", () => {
  let target: Quickstart;
  let east: Cluster;
  let front: Front;
  before(async () => {
    target = await startTemporaryQuickstart();
    const dir = join(target.files.dir, 'east');
    east = await startCluster({
      dir,
      parts: target.parts,
      progress: () => undefined,
      kwok: false,
    });
    await apply(east, [
      ...['robot', 'other', 'discovery-reader'].map((name) => serviceAccount('default', name)),
      discoveryAccess,
      nodeManifest,
    ]);
    for (const pod of [worker, unplaced, stranger]) await createPod(east, pod);
    await apply(target.cluster, [robotAccess, ...manifestsOf(document, grant)]);
    const discoveryTokenFile = join(dir, 'discovery.token');
    replaceFile(
      discoveryTokenFile,
      await createServiceAccountToken(east, 'default', 'discovery-reader'),
    );
    front = await startFront(target, 'front', settings(discoveryTokenFile));
  });
  after(async () => {
    await front.stop();
    await east.stop();
    await target.stop();
  });

  function settings(discoveryTokenFile: string): Readonly<Record<string, unknown>> {
    const { apiVersion: _, kind: _kind, jwt, ...rest } = configurationOf(document, 'east');
    assert.deepEqual([jwt?.length, rest], [1, {}]);
    const [entry] = jwt ?? [];
    const place = {
      url: east.serviceAccountIssuer,
      certificateAuthority: readFileSync(east.caFile, 'utf8'),
      discoveryTokenFile,
    };
    return { jwt: [{ ...entry, issuer: { ...entry?.issuer, ...place } }] };
  }

  /** What the target's API server says of the requests that came in the robot's name. */
  function arrived(): readonly KubeAuditEvent[] {
    return readAudit(target.files.apiServerAudit).filter(
      ({ impersonatedUser }) => impersonatedUser?.username === `east:${robot}`,
    );
  }

  it('is who it was there, under a prefix, with its Pod, its node and the id of its credential', async () => {
    const token = await createPodToken(east, worker, audience);
    const { code, stdout, stderr } = await front.kubectl(token, 'get', 'pods');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^hello/m);
    const requests = arrived();
    assert.ok(requests.length > 0);
    for (const { user, impersonatedUser } of requests) {
      assert.equal(user.username, target.state.serviceAccount);
      assert.deepEqual(impersonatedUser?.groups, ['system:authenticated']);
      assert.deepEqual(impersonatedUser.extra, {
        'authentication.kubernetes.io/credential-id': [`JTI=${decodeJwt(token).jti}`],
        'east.example.com/namespace': ['default'],
        'east.example.com/node': [nodeName],
        'east.example.com/pod': ['worker'],
      });
    }
  });

  it('is itself without a node, too', async () => {
    const token = await createPodToken(east, unplaced, audience);
    assert.equal((await front.get(token)).status, 200);
    const { extra = {} } = arrived().at(-1)?.impersonatedUser ?? {};
    assert.deepEqual(extra['east.example.com/pod'], ['unplaced']);
    assert.ok(!('east.example.com/node' in extra));
  });

  const refused: readonly (readonly [what: string, why: RegExp, make: () => Promise<string>])[] = [
    [
      'for its own API server',
      /the token was issued for another audience/,
      () => createPodToken(east, worker),
    ],
    [
      'of another account',
      /claim "sub" lacks the required value/,
      () => createPodToken(east, stranger, audience),
    ],
    [
      'that is bound to no Pod',
      /the issuer's expression for the extra "east\.example\.com\/pod" failed/,
      () => createServiceAccountToken(east, 'default', 'robot', { audiences: [audience] }),
    ],
    [
      'of its namesake in a third cluster',
      /not from an issuer that is configured here/,
      async () => {
        await apply(target.cluster, [serviceAccount('default', 'robot')]);
        await createPod(target.cluster, worker);
        return createPodToken(target.cluster, worker, audience);
      },
    ],
    [
      'of its namesake in a cluster that was installed alike',
      /signature/,
      async () => {
        const token = await createPodToken(east, worker, audience);
        const { kid = '' } = decodeProtectedHeader(token);
        const key = { ...(await createSigningKey('RS256')), kid };
        return signToken(decodeJwt(token), { key });
      },
    ],
  ];

  for (const [what, why, make] of refused) {
    it(`is refused with a token ${what}`, async () => {
      const { status, body } = await front.get(await make());
      assert.equal(status, 401, body);
      assert.match(JSON.parse(body).message, why);
    });
  }

  it('is nobody while our account may not say which Pod it is', async () => {
    const token = await createPodToken(east, worker, audience);
    await asAdmin(target.cluster, ['delete', 'clusterrolebinding', grant]);
    const { body } = await waitUntil('RBAC to forget', async () => {
      const answer = await front.get(token);
      return answer.status === 403 ? answer : undefined;
    });
    assert.match(body, /cannot impersonate resource .*userextras/);
    await apply(target.cluster, manifestsOf(document, grant));
    await waitUntil('RBAC to know', async () => (await front.get(token)).status === 200);
  });
});
