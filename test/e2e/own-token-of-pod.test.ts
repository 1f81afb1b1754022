/** Our own token by TokenRequest, bound to the Pod that we run in: the API server's audit log tells which Pod did what. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { mintForAlice } from '../../lab/alice.ts';
import { readAudit, type KubeAuditEvent } from '../../lab/audit-log.ts';
import { apply, asAdmin, type AdminAccess } from '../../lab/kube.ts';
import { nodeName } from '../../lab/kwok.ts';
import { waitUntil } from '../../lab/process.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { applyPrintedRbac, pipelineEntries, pipelineToken } from '../support/pipeline-accounts.ts';
import { startFront, type Front } from '../support/second-front.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const own = { namespace: 'kube-ext-authz', serviceAccount: 'kube-ext-authz' };
const prefix = 'authentication.kubernetes.io';
const path = '/api/v1/namespaces/default/pods?labelSelector=';

interface Replica {
  readonly pod: string;
  readonly uid: string;
  readonly front: Front;
}

describe('our own token, bound to our own Pod', () => {
  let quickstart: Quickstart;
  const replicas: Replica[] = [];
  let alice: string;
  const robot = pipelineToken('own', { sub: 'robot' });
  before(async () => {
    quickstart = await startTemporaryQuickstart();
    ({ token: alice } = await mintForAlice(quickstart.issuer));
    const { files, cluster } = quickstart;
    const settings = {
      kubernetes: { kubeconfig: files.serverKubeconfig, token: { tokenRequest: own } },
      authentication: { configFile: files.authentication },
      jwt: pipelineEntries,
    };
    const configFile = join(files.dir, 'own-token.yaml');
    const kind = { apiVersion: 'kube-ext-authz.dev/v1alpha1', kind: 'Configuration' };
    writeFileSync(configFile, stringify({ ...kind, ...settings }));
    await apply(
      cluster,
      ['red', 'blue'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    );
    await applyPrintedRbac(cluster, configFile);
    for (const pod of ['proxy-1', 'proxy-2']) {
      const uid = await runOwnPod(cluster, pod);
      const env = podEnvironment(pod, uid);
      replicas.push({ pod, uid, front: await startFront(quickstart, pod, settings, env) });
    }
  });
  after(async () => {
    for (const { front } of replicas) await front.stop();
    await quickstart.stop();
  });

  /** Sends one request through each replica; what the API server says of each, in their order. */
  async function sendThroughEach(token: string, mark: string): Promise<readonly KubeAuditEvent[]> {
    const events: KubeAuditEvent[] = [];
    for (const { pod, front } of replicas) {
      const uri = `${path}${mark}-${pod}`;
      const { status, body } = await front.get(token, uri);
      assert.ok(status === 200 || status === 403, body);
      const [event, ...more] = readAudit(quickstart.files.apiServerAudit).filter(
        ({ requestURI }) => requestURI === uri,
      );
      assert.ok(event && more.length === 0);
      assert.equal(event.user.username, quickstart.state.serviceAccount);
      events.push(event);
    }
    return events;
  }

  for (const [who, token, isImpersonated] of [
    ['somebody who is impersonated', () => alice, true],
    ['a pipeline that acts as we do', () => robot, false],
  ] as const) {
    it(`names the Pod of the replica that did it, for ${who}`, async () => {
      const events = await sendThroughEach(token(), isImpersonated ? 'alice' : 'robot');
      for (const [index, { pod, uid }] of replicas.entries()) {
        const event = events[index] ?? assert.fail();
        assert.equal(event.impersonatedUser?.username, isImpersonated ? 'alice' : undefined);
        assert.deepEqual(extraOf(event, 'pod-name'), [pod]);
        assert.deepEqual(extraOf(event, 'pod-uid'), [uid]);
        assert.deepEqual(extraOf(event, 'node-name'), [nodeName]);
        assert.match(extraOf(event, 'credential-id')?.[0] ?? '', /^JTI=[\w-]{36}$/);
      }
      for (const name of ['pod-name', 'pod-uid', 'credential-id']) {
        const values = new Set(events.flatMap((event) => extraOf(event, name)));
        assert.equal(values.size, 2, name);
      }
    });
  }

  it('has the same credential from one request to the next', async () => {
    const [one, two] = [await sendThroughEach(robot, 'one'), await sendThroughEach(robot, 'two')];
    const [first, second] = [one, two].map((events) =>
      events.map((event) => extraOf(event, 'credential-id')),
    );
    assert.deepEqual(second, first);
  });

  it('tells when it ends', async () => {
    for (const { front } of replicas) {
      const metrics = await (await fetch(`${front.server.adminUrl}/metrics`)).text();
      const name = 'kube_ext_authz_upstream_token_expiry_timestamp_seconds';
      const [, end] = new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics) ?? [];
      const left = Number(end) - Date.now() / 1000;
      assert.ok(left > 0 && left <= 600, `${end}`);
    }
  });

  it('is good for nothing once its Pod is gone, while the other replica goes on', async () => {
    const [first, second] = replicas;
    assert.ok(first && second);
    const args = ['delete', 'pod', first.pod, '-n', own.namespace, '--now'];
    await asAdmin(quickstart.cluster, args);
    // kube-apiserver remembers a token that it saw for ten seconds.
    await waitUntil(
      'the token to die',
      async () => (await first.front.get(robot, '/version')).status === 401,
      { timeoutMs: 60_000 },
    );
    assert.equal((await second.front.get(robot, '/version')).status, 200);
  });

  it('is in no log', () => {
    for (const { front } of replicas) {
      const logs = ['audit.log', 'server.log', 'access.log', 'envoy.log'];
      const text = logs.map((name) => readFileSync(join(front.dir, name), 'utf8')).join('');
      assert.match(text, /a service account token was minted/);
      assert.doesNotMatch(text, /eyJ[\w-]{8}/);
    }
  });
});

/** As the downward API would set it. */
function podEnvironment(name: string, uid: string): Readonly<Record<string, string>> {
  return {
    POD_NAMESPACE: own.namespace,
    POD_NAME: name,
    POD_UID: uid,
    POD_SERVICE_ACCOUNT: own.serviceAccount,
  };
}

/** Has a Pod run as our own account; resolves with its UID. */
async function runOwnPod(cluster: AdminAccess, name: string): Promise<string> {
  const { namespace, serviceAccount: serviceAccountName } = own;
  const containers = [{ name: 'main', image: 'example.invalid/none' }];
  const spec = { nodeName, serviceAccountName, containers };
  await apply(cluster, [{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, spec }]);
  const get = [
    'get',
    'pod',
    name,
    '-n',
    namespace,
    '-o',
    'jsonpath={.status.phase} {.metadata.uid}',
  ];
  return waitUntil(`the Pod ${name} to run`, async () => {
    const [phase, uid] = (await asAdmin(cluster, get)).split(' ');
    return phase === 'Running' ? uid : undefined;
  });
}

/** What the API server knows of the credential. */
function extraOf({ user }: KubeAuditEvent, name: string): readonly string[] | undefined {
  return user.extra?.[`${prefix}/${name}`];
}
