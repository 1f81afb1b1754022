/** Service accounts of another cluster: its API server is the issuer, and another API server is where their requests go. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readAudit } from '../../lab/audit-log.ts';
import { startCluster, type Cluster } from '../../lab/cluster.ts';
import { startEnvoy, type RunningEnvoy } from '../../lab/envoy.ts';
import { apply, createServiceAccountToken, serviceAccount } from '../../lab/kube.ts';
import { runKubectl } from '../../lab/kubectl.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { startServer, type RunningServer } from '../../lab/server.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const audience = 'target-cluster';
const robot = 'system:serviceaccount:default:robot';

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
  let server: RunningServer;
  let envoy: RunningEnvoy;
  before(async () => {
    target = await startTemporaryQuickstart();
    const dir = join(target.files.dir, 'east');
    const { parts, files } = target;
    east = await startCluster({ dir, parts, progress: () => undefined, kwok: false });
    await apply(east, [
      ...['robot', 'other', 'discovery-reader'].map((name) => serviceAccount('default', name)),
      discoveryAccess,
    ]);
    await apply(target.cluster, [robotAccess]);
    const discoveryTokenFile = join(dir, 'discovery.token');
    writeFileSync(
      discoveryTokenFile,
      await createServiceAccountToken(east, 'default', 'discovery-reader'),
    );
    const own = join(dir, 'server');
    mkdirSync(own);
    server = await startServer({ dir: own, settings: settings(discoveryTokenFile) });
    const { hostname, port } = new URL(target.cluster.server);
    envoy = await startEnvoy({
      dir: own,
      envoyBin: parts.envoy,
      certFile: files.tlsCertificate,
      keyFile: files.tlsKey,
      apiServer: { address: hostname, port: Number(port), caFile: target.cluster.caFile },
      authz: { endpoints: [server.grpc] },
      accessLog: join(own, 'access.log'),
    });
  });
  after(async () => {
    await envoy.stop();
    await server.stop();
    await east.stop();
    await target.stop();
  });

  function settings(discoveryTokenFile: string): Readonly<Record<string, unknown>> {
    return {
      grpc: { drainPeriod: '0s' },
      kubernetes: { token: { file: target.files.serverToken } },
      audit: [{ format: 'json', path: join(target.files.dir, 'east-audit.log') }],
      jwt: [
        {
          name: 'east',
          issuer: {
            url: east.serviceAccountIssuer,
            audiences: [audience],
            certificateAuthority: readFileSync(east.caFile, 'utf8'),
            discoveryTokenFile,
          },
          claimValidationRules: [{ claim: 'sub', requiredValue: robot }],
          claimMappings: { username: { claim: 'sub', prefix: 'east:' } },
        },
      ],
    };
  }

  async function tokenOf(name: string, audiences: readonly string[]): Promise<string> {
    return createServiceAccountToken(east, 'default', name, { audiences, expirationSeconds: 600 });
  }

  async function kubectl(token: string, ...args: readonly string[]) {
    const file = join(target.files.dir, 'east.kubeconfig');
    writeKubeconfig({ file, server: envoy.url, caFile: target.files.ca, token });
    return runKubectl(target.parts, file, args);
  }

  it('is who it was there, under a prefix, with the id of its credential', async () => {
    const token = await tokenOf('robot', [audience]);
    const { code, stdout, stderr } = await kubectl(token, 'get', 'pods');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^hello/m);
    const arrived = readAudit(target.files.apiServerAudit).filter(
      ({ impersonatedUser }) => impersonatedUser?.username === `east:${robot}`,
    );
    const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    assert.ok(arrived.length > 0);
    for (const { user, impersonatedUser } of arrived) {
      assert.equal(user.username, target.state.serviceAccount);
      assert.deepEqual(impersonatedUser?.groups, ['system:authenticated']);
      const id = 'authentication.kubernetes.io/credential-id';
      assert.deepEqual(impersonatedUser.extra?.[id], [`JTI=${jti}`]);
    }
  });

  it('is refused with a token for its own API server', async () => {
    const { code, stderr } = await kubectl(await tokenOf('robot', []), 'get', 'pods');
    assert.notEqual(code, 0);
    assert.match(stderr, /the token was issued for another audience/);
  });

  it('is refused when it is not the one that the rule names', async () => {
    const { code, stderr } = await kubectl(await tokenOf('other', [audience]), 'get', 'pods');
    assert.notEqual(code, 0);
    assert.match(stderr, /claim "sub" lacks the required value/);
  });
});
