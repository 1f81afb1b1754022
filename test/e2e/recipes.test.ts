/**
 * The scripts and commands of docs/recipes.md as they stand: kubectl through the real Envoy to a real API server. In place of
 * GitHub's token service and of kubelogin are small programs that hand out tokens of the test's issuers.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { readAudit, type KubeAuditEvent } from '../../lab/audit-log.ts';
import { apply, serviceAccount } from '../../lab/kube.ts';
import { waitUntil } from '../../lab/process.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { blocks, manifestsOf } from '../support/documents.ts';
import { applyPrintedRbac } from '../support/pipeline-accounts.ts';
import type { Claims, RecipeCase } from '../support/recipe-case.ts';
import { dex } from '../support/recipe-people.ts';
import { github, gitlab } from '../support/recipe-pipelines.ts';
import { startRecipeIssuer, type RecipeIssuer } from '../support/recipes.ts';
import { startFront, type Front } from '../support/second-front.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

const document = 'docs/recipes.md';
const account = 'system:serviceaccount:default:shop-production';
const group = 'dex:my-org:platform';
const requestToken = 'what-the-runner-may-ask-with';

/** Those of the recipes may do what alice may: nobody fills the role `edit` in this cluster. */
const access = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { namespace: 'default', name: 'recipes' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'pod-user' },
  subjects: [
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'github:74:production' },
    { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group },
    { kind: 'ServiceAccount', namespace: 'default', name: 'shop-production' },
  ],
};

/** What kubectl runs for `kubectl oidc-login`. */
const login = `#!/bin/sh -eu
echo "$@" > "$HOME/login-flags"
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'"$TOKEN"'"}}'
`;

describe('the scripts of the recipes', () => {
  let quickstart: Quickstart;
  let front: Front;
  let folder: string;
  let tokenService: Server;
  const issuers = new Map<string, RecipeIssuer>();
  const audiences: (string | null)[] = [];

  before(async () => {
    quickstart = await startTemporaryQuickstart();
    for (const { entry } of [github, gitlab, dex]) {
      issuers.set(entry, await startRecipeIssuer(entry));
    }
    const jwt = [...issuers.values()].map(({ entry }) => entry);
    front = await startFront(quickstart, 'recipes', { jwt });
    await apply(quickstart.cluster, [
      access,
      serviceAccount('default', 'robot'),
      ...manifestsOf(document, 'shop-production'),
    ]);
    await applyPrintedRbac(quickstart.cluster, join(front.dir, 'config.yaml'));
    folder = join(quickstart.files.dir, 'runner');
    mkdirSync(folder);
    copyFileSync(quickstart.files.ca, join(folder, 'proxy-ca.crt'));
    writeFileSync(join(folder, 'kubectl-oidc_login'), login, { mode: 0o700 });
    tokenService = await startTokenService();
  });
  after(async () => {
    tokenService.close();
    await front.stop();
    await Promise.all([...issuers.values()].map((one) => one.close()));
    await quickstart.stop();
  });

  function mint({ entry, good }: RecipeCase, change: Claims = {}): Promise<string> {
    const issuer = issuers.get(entry) ?? assert.fail(`no issuer for ${entry}`);
    return issuer.mint({ ...good, ...change });
  }
  /** GitHub's, as a job reaches it. */
  async function startTokenService(): Promise<Server> {
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://runner');
      const aud = searchParams.get('audience');
      audiences.push(aud);
      if (request.headers.authorization !== `Bearer ${requestToken}`) {
        response.writeHead(401).end();
        return;
      }
      const minted = mint(github, { aud: aud ?? 'https://github.com/octo-org' });
      void minted.then((value) => response.end(JSON.stringify({ count: 1, value })));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  }
  async function run(script: string, env: Readonly<Record<string, string>>): Promise<string> {
    const path = [dirname(quickstart.parts.kubectl), folder, process.env['PATH']].join(delimiter);
    const { stdout } = await promisify(execFile)('sh', ['-eu', '-c', script], {
      cwd: folder,
      env: { ...process.env, PATH: path, HOME: folder, ...env, PROXY: front.url },
      timeout: 60_000,
    });
    return stdout;
  }
  /** Until the API server knows of the permissions and the tokens are there. */
  async function runUntilGood(
    script: string,
    env: Readonly<Record<string, string>>,
  ): Promise<string> {
    return waitUntil('the script to succeed', () => run(script, env).catch(() => undefined), {
      timeoutMs: 90_000,
    });
  }
  function lastListing(): KubeAuditEvent | undefined {
    return readAudit(quickstart.files.apiServerAudit).findLast(({ requestURI }) =>
      requestURI.startsWith('/api/v1/namespaces/default/pods'),
    );
  }

  it('let a workflow of GitHub list pods, with a token for this cluster', async () => {
    const [{ jobs }] = workflows();
    const { env, environment, steps } = jobs.deploy;
    assert.equal(environment, github.good['environment']);
    const script: string = steps.find(({ run: one }: { run?: string }) => one !== undefined).run;
    const out = await runUntilGood(script, {
      ...env,
      RUNNER_TEMP: folder,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${portOf(tokenService)}/token?api-version=2.0`,
    });
    assert.match(out, /^hello /m);
    assert.deepEqual(new Set(audiences), new Set(['kubernetes-production']));
    const { impersonatedUser } = lastListing() ?? {};
    assert.equal(impersonatedUser?.username, 'github:74:production');
    assert.deepEqual(impersonatedUser.extra?.['github.com/run-id'], ['1658821493']);
    const kubeconfig = readFileSync(join(folder, 'kubeconfig'), 'utf8');
    assert.doesNotMatch(kubeconfig, /eyJ|what-the-runner/);
  });

  it('let a job of GitLab list pods, as the account of its environment', async () => {
    const [, { deploy }] = workflows();
    assert.equal(deploy.environment, gitlab.good['environment']);
    assert.equal(deploy.id_tokens.KUBERNETES_TOKEN.aud, gitlab.good['aud']);
    const KUBERNETES_TOKEN = await mint(gitlab);
    const out = await runUntilGood(deploy.script.join('\n'), {
      ...deploy.variables,
      KUBERNETES_TOKEN,
    });
    assert.match(out, /^hello /m);
    const { user, impersonatedUser } = lastListing() ?? {};
    assert.deepEqual([user?.username, impersonatedUser], [account, undefined]);
  });

  it('have kubectl log people in, with their groups', async () => {
    const [commands = ''] = shell();
    const KUBECONFIG = join(folder, 'person.kubeconfig');
    const TOKEN = await mint(dex);
    const PROXY_CA = 'proxy-ca.crt';
    await run(commands, { KUBECONFIG, PROXY_CA });
    const out = await runUntilGood('kubectl get pods', { KUBECONFIG, TOKEN });
    assert.match(out, /^hello /m);
    assert.ok(lastListing()?.impersonatedUser?.groups?.includes(group));
    const flags = readFileSync(join(folder, 'login-flags'), 'utf8').trim().split(' ');
    const scopes = flags.filter((flag) => flag.startsWith('--oidc-extra-scope='));
    assert.deepEqual(
      scopes.map((flag) => flag.split('=')[1]),
      ['groups', 'federated:id', 'offline_access'],
    );
    assert.ok(flags.includes('--oidc-issuer-url=https://dex.example.com'));
    assert.equal(flags[0], 'get-token');
  });

  it("show a cluster's issuer and the number of an account", async () => {
    const [, commands = ''] = shell();
    const { adminKubeconfig, serviceAccountIssuer } = quickstart.cluster;
    const out = await run(commands, { KUBECONFIG: adminKubeconfig });
    const [discovery = '', uid] = out.split(/(?<=\})\n?/);
    assert.equal(JSON.parse(discovery).issuer, serviceAccountIssuer);
    assert.match(uid ?? '', /^[0-9a-f-]{36}$/);
  });
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

function workflows() {
  const shown = blocks('yml').filter(({ file }) => file === document);
  return shown.map(({ text }) => parse(text));
}

function shell(): readonly string[] {
  return blocks('sh').flatMap(({ file, text }) => (file === document ? [text] : []));
}
