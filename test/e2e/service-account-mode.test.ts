/** Pipelines that act as service accounts, by kubectl through the real Envoy: each as its account, and nothing but that. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readAudit, type KubeAuditEvent } from '../../lab/audit-log.ts';
import { httpsGet, type Answer } from '../../lab/https.ts';
import { createServiceAccountToken } from '../../lab/kube.ts';
import { runKubectl, startKubectl, type KubectlResult } from '../../lab/kubectl.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import { waitUntil } from '../../lab/process.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import {
  accountName,
  accountOf,
  applyPrintedRbac,
  pipelineEntries,
  pipelineToken,
  podName,
  prepareTeams,
  teams,
} from '../support/pipeline-accounts.ts';
import { readAccountLines } from '../support/account-lines.ts';
import { sendHttp2 } from '../support/raw-client.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const whoAmI = ['auth', 'whoami', '-o', 'json'];
const asSomebody = ['--as', 'bob'];
const refusedImpersonation =
  /requests of this issuer act as a service account, so they can't ask to be somebody else \(kubectl --as\); send them without the header "impersonate-/;

const asks: readonly (readonly string[])[] = [
  asSomebody,
  [...asSomebody, '--as-group', 'system:masters'],
  [...asSomebody, '--as-uid', '7'],
  [...asSomebody, '--as-user-extra', 'scopes=all'],
  ['--as', accountOf('red')],
  ['--as', 'system:admin', '--as-group', 'system:masters'],
];

/** What kubectl 1.20 sends to list pods. */
const tableOfPods = {
  path: '/api/v1/namespaces/red/pods?limit=500',
  headers: {
    'user-agent': 'kubectl/v1.20.1 (linux/amd64) kubernetes/c4d7527',
    accept:
      'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
  },
} as const;

describe('a pipeline that acts as a service account', () => {
  let quickstart: Quickstart;
  let ca: string;
  const tokens = {
    red: pipelineToken('pipelines', { sub: 'project:red', team: 'red' }),
    blue: pipelineToken('pipelines', { sub: 'project:blue', team: 'blue' }),
    own: pipelineToken('own', { sub: 'anything at all' }),
  };
  before(async () => {
    quickstart = await startTemporaryQuickstart({ settings: { jwt: pipelineEntries } });
    ca = readFileSync(quickstart.files.ca, 'utf8');
    await prepareTeams(quickstart.cluster);
  });
  after(() => quickstart.stop());

  function kubectl(token: string, ...args: readonly string[]): Promise<KubectlResult> {
    return runKubectl(quickstart.parts, kubeconfigOf(token), args);
  }
  function kubeconfigOf(token: string): string {
    const file = join(quickstart.files.dir, 'pipeline.test.kubeconfig');
    writeKubeconfig({ file, server: quickstart.envoy.url, caFile: quickstart.files.ca, token });
    return file;
  }
  async function works(token: string, ...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await kubectl(token, ...args);
    assert.equal(code, 0, stderr);
    return stdout;
  }
  type Get = (path: string, headers: Readonly<Record<string, string>>) => Promise<Answer>;
  const getByHttp1: Get = (path, headers) =>
    httpsGet({ url: `${quickstart.envoy.url}${path}`, ca, token: tokens.red, headers });
  const getByHttp2: Get = (path, headers) => {
    const lines = Object.entries({ ...headers, authorization: `Bearer ${tokens.red}` });
    return sendHttp2({ url: quickstart.envoy.url, ca, path, lines });
  };
  function arrived(path: string): readonly KubeAuditEvent[] {
    return readAudit(quickstart.files.apiServerAudit).filter(
      ({ requestURI }) => requestURI === path,
    );
  }

  it('is told which permission we lack, and gets through once it is there', async () => {
    const { code, stderr } = await kubectl(tokens.red, 'get', 'configmaps', '-n', 'red');
    assert.equal(code, 1);
    assert.match(
      stderr,
      /there is no token of the service account red\/deployer: this proxy's own account lacks the permission to create serviceaccounts\/token for it, which is among what `kube-ext-authz rbac` prints/,
    );
    await applyPrintedRbac(quickstart.cluster, quickstart.server.configFile);
    for (const token of [tokens.red, tokens.blue]) {
      await waitUntil(
        'a token of the account',
        async () => (await kubectl(token, 'get', '--raw', '/version')).code === 0,
        { timeoutMs: 60_000 },
      );
    }
  });

  for (const team of teams) {
    it(`is the account of its team: ${team}`, async () => {
      const { userInfo } = JSON.parse(await works(tokens[team], ...whoAmI)).status;
      assert.equal(userInfo.username, accountOf(team));
      assert.deepEqual(userInfo.groups, [
        'system:serviceaccounts',
        `system:serviceaccounts:${team}`,
        'system:authenticated',
      ]);
    });
  }

  it('is our own account where none is named, whatever its subject', async () => {
    const { userInfo } = JSON.parse(await works(tokens.own, ...whoAmI)).status;
    assert.equal(userInfo.username, quickstart.state.serviceAccount);
  });

  it('is beside people who are impersonated as ever', async () => {
    const { parts, files } = quickstart;
    const { stdout } = await runKubectl(parts, files.kubeconfig, whoAmI);
    assert.equal(JSON.parse(stdout).status.userInfo.username, 'alice');
  });

  it('may do what its account may, in the namespace of its account', async () => {
    for (const team of teams) {
      const name = `release-of-${team}`;
      await works(tokens[team], 'create', 'configmap', name, '-n', team);
      const listed = await works(tokens[team], 'get', 'configmaps', '-n', team, '-o', 'name');
      assert.equal(listed, `configmap/${name}\n`);
    }
  });

  for (const [team, other] of [
    ['red', 'blue'],
    ['blue', 'red'],
  ] as const) {
    it(`is refused by the API server itself elsewhere: ${team} in ${other}`, async () => {
      for (const args of [
        ['get', 'configmaps'],
        ['create', 'configmap', 'x'],
        ['delete', 'configmap', `release-of-${other}`],
      ]) {
        const { code, stderr } = await kubectl(tokens[team], ...args, '-n', other);
        assert.equal(code, 1);
        assert.ok(stderr.includes(`forbidden: User "${accountOf(team)}" cannot `), stderr);
      }
    });
  }

  it('gets the refusal of the API server as it is', async () => {
    const path = '/api/v1/namespaces/red/secrets';
    const token = await createServiceAccountToken(quickstart.cluster, 'red', accountName);
    const straight = await httpsGet({
      url: `${quickstart.cluster.server}${path}`,
      ca: quickstart.cluster.caPem,
      token,
    });
    const through = await httpsGet({
      url: `${quickstart.envoy.url}${path}`,
      ca,
      token: tokens.red,
    });
    assert.equal(straight.status, 403);
    assert.deepEqual(through, straight);
  });

  for (const [what, token] of [
    ['of another team', pipelineToken('pipelines', { sub: 'x', team: 'green' })],
    ['of a team that hides a path', pipelineToken('pipelines', { sub: 'x', team: 'red/../blue' })],
  ] as const) {
    it(`${what} gets no account`, async () => {
      const { code, stderr } = await kubectl(token, 'get', 'pods', '-n', 'red');
      assert.equal(code, 1);
      assert.match(stderr, /the token gives a service account that its issuer may not act as/);
    });
  }

  for (const flags of asks) {
    it(`is refused ${flags.join(' ')}, and told why`, async () => {
      for (const token of [tokens.red, tokens.own]) {
        const { code, stderr } = await kubectl(token, 'get', 'pods', '-n', 'red', ...flags);
        assert.equal(code, 1);
        assert.match(stderr.replaceAll('\\"', '"'), refusedImpersonation);
      }
    });
  }

  for (const websockets of ['true', 'false']) {
    it(`runs commands in its pods, websockets ${websockets}`, async () => {
      const args = ['exec', podName, '-n', 'red', '--', 'echo', 'hello', websockets];
      const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets };
      const { stdout, stderr } = await runKubectl(
        quickstart.parts,
        kubeconfigOf(tokens.red),
        args,
        {
          env,
        },
      );
      assert.equal(stdout, `hello ${websockets}\n`, stderr);
      const path = `/api/v1/namespaces/red/pods/${podName}/exec?command=echo&command=hello&command=${websockets}`;
      const events = readAudit(quickstart.files.apiServerAudit).filter(({ requestURI }) =>
        requestURI.startsWith(path),
      );
      assert.deepEqual(usersOf(events), [accountOf('red')]);
    });
  }

  it('watches', async () => {
    const { parts, files } = quickstart;
    const logFile = join(files.dir, 'watch.log');
    const args = ['get', 'configmaps', '--watch', '-n', 'blue', '-o', 'name'];
    const watch = startKubectl(parts, kubeconfigOf(tokens.blue), args, { logFile });
    const shows = (name: string): Promise<boolean> =>
      waitUntil(
        `the watch to show ${name}`,
        () => readFileSync(logFile, 'utf8').includes(`configmap/${name}\n`),
        { timeoutMs: 20_000, process: watch },
      );
    try {
      await shows('release-of-blue');
      await works(tokens.blue, 'create', 'configmap', 'latecomer', '-n', 'blue');
      await shows('latecomer');
    } finally {
      await watch.stop();
    }
  });

  for (const http2 of [false, true]) {
    it(`lists pods as a table for a raw request over ${http2 ? 'HTTP/2' : 'HTTP/1.1'}`, async () => {
      const { path, headers } = tableOfPods;
      const earlier = arrived(path).length;
      const { status, body } = await (http2 ? getByHttp2 : getByHttp1)(path, headers);
      assert.equal(status, 200, body);
      const { kind, apiVersion, rows } = JSON.parse(body);
      assert.deepEqual([kind, apiVersion, rows.length], ['Table', 'meta.k8s.io/v1', 1]);
      assert.equal(rows[0].cells[0], podName);
      const events = arrived(path);
      assert.equal(events.length, earlier + 1);
      assert.deepEqual(usersOf(events), [accountOf('red')]);
      assert.equal(events.at(-1)?.userAgent, headers['user-agent']);
    });
  }

  it('is in both audit logs: who asked, and the account that did it', async () => {
    const path = '/api/v1/namespaces/red/pods?labelSelector=asked%3Donce';
    await works(tokens.red, 'get', '--raw', path);
    const ours = await waitUntil('our line', () => {
      const lines = readAccountLines(quickstart.files.audit).filter(({ uri }) => uri === path);
      return lines.length > 0 ? lines : undefined;
    });
    const [event, ...others] = arrived(path);
    assert.ok(event && others.length === 0);
    assert.deepEqual(
      ours.map(({ auditID, issuer, decision, actAs }) => [auditID, issuer, decision, actAs]),
      [[event.auditID, 'pipelines', 'allow', 'serviceAccount']],
    );
    assert.equal(ours[0]?.inbound?.username, 'pipelines:project:red');
    assert.equal(ours[0].outbound?.username, accountOf('red'));
    assert.equal(event.user.username, accountOf('red'));
    assert.deepEqual(ours[0].outbound.groups, event.user.groups);
    assert.match(
      event.user.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '',
      /^JTI=/,
    );
    const [own] = readAccountLines(quickstart.files.audit).filter(({ issuer }) => issuer === 'own');
    assert.equal(own?.outbound?.username, quickstart.state.serviceAccount);
  });

  it('is counted by what it acts as', async () => {
    const metrics = await (await fetch(`${quickstart.state.admin}/metrics`)).text();
    for (const labels of [
      'decision="allow",reason="",issuer="pipelines",act_as="serviceAccount"',
      'decision="allow",reason="",issuer="own",act_as="serviceAccount"',
      'decision="deny",reason="impersonation_denied",issuer="own",act_as="serviceAccount"',
    ]) {
      assert.ok(metrics.includes(`kube_ext_authz_checks_total{${labels}} `), labels);
    }
  });
});

/** Each once; one who impersonated is told apart. */
function usersOf(events: readonly KubeAuditEvent[]): readonly (string | undefined)[] {
  const users = events.map(({ user, impersonatedUser }) =>
    impersonatedUser ? 'somebody else' : user.username,
  );
  return [...new Set(users)];
}
