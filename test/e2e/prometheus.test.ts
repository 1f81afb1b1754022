/**
 * A real Prometheus scrapes the real server with the token of a service account that the real API server knows, by the roles
 * of docs/metrics.md; and every query of the rules and the dashboard is put to it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { startCluster, type Cluster } from '../../lab/cluster.ts';
import { startIssuer, type Issuer } from '../../lab/issuer.ts';
import { apply, createServiceAccountToken } from '../../lab/kube.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import { provideParts } from '../../lab/parts/provide.ts';
import { freePort, waitUntil } from '../../lab/process.ts';
import { replaceFile } from '../../lab/replace-file.ts';
import { startServer, type RunningServer } from '../../lab/server.ts';
import { connectCheckClient, type CheckClient, type Reply } from '../support/check-client.ts';
import { manifestsOf } from '../support/documents.ts';
import { forgedToken } from '../support/forged-token.ts';
import { startPrometheus, type Prometheus } from '../support/prometheus.ts';
import {
  readDashboard,
  readRules,
  rulesFile,
  withVariables,
} from '../support/prometheus-queries.ts';
import { jwtEntry } from '../support/running-app.ts';
import {
  another,
  own,
  prepareScrapedCluster,
  scraper,
  type Account,
} from '../support/scraped-cluster.ts';
import { runProgram } from '../support/server-process.ts';

const job = 'kube-ext-authz';
const progress = (): void => undefined;

/** Tokens that are not known to be good may be tried twice a second, and Prometheus does so as well. */
const seldom = { intervalMs: 1_500 };

describe('Prometheus', () => {
  const dir = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const tokenFile = join(dir, 'own.token');
  const scrapeToken = join(dir, 'prometheus.token');
  let cluster: Cluster;
  let issuer: Issuer;
  let server: RunningServer;
  let client: CheckClient;
  let prometheus: Prometheus;
  let deadIssuer: string;

  before(async () => {
    const parts = await provideParts(
      ['etcd', 'kube-apiserver', 'kubectl', 'kwok', 'prometheus'],
      progress,
    );
    cluster = await startCluster({ dir, parts, progress, kwok: false });
    issuer = await startIssuer();
    await prepareScrapedCluster(cluster);
    replaceFile(tokenFile, await tokenOf(own));
    replaceFile(scrapeToken, await tokenOf(scraper));
    const kubeconfig = join(dir, 'own.kubeconfig');
    writeKubeconfig({
      file: kubeconfig,
      server: cluster.server,
      caFile: cluster.caFile,
      tokenFile,
    });
    deadIssuer = `https://127.0.0.1:${await freePort()}`;
    server = await startServer({
      dir,
      settings: {
        admin: { metrics: { authorize: true } },
        kubernetes: { kubeconfig, token: { file: tokenFile } },
        jwt: [
          jwtEntry(issuer, 'people'),
          jwtEntry({ url: deadIssuer, caPem: issuer.caPem }, 'nowhere'),
        ],
        audit: [{ format: 'json', path: 'audit.log' }],
      },
    });
    client = connectCheckClient(`${server.grpc.address}:${server.grpc.port}`);
    prometheus = await startPrometheus({
      program: parts.prometheus,
      dir,
      config: { rule_files: [rulesFile], scrape_configs: scrapeConfigs(server, scrapeToken) },
    });
  });
  after(async () => {
    client.close();
    await prometheus.process.stop();
    await server.stop();
    await issuer.close();
    await cluster.stop();
    rmSync(dir, { recursive: true });
  });

  function tokenOf({ namespace, name }: Account): Promise<string> {
    return createServiceAccountToken(cluster, namespace, name);
  }
  async function scrape(token?: string): Promise<number> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${server.adminUrl}/metrics`, { headers });
    await response.text();
    return response.status;
  }
  async function answers(status: number): Promise<boolean> {
    return (await scrape(await tokenOf(scraper))) === status;
  }
  async function check(token: string, as?: string): Promise<Reply> {
    const impersonate = as === undefined ? [] : ([['impersonate-user', as]] as const);
    return client.check({ lines: [['authorization', `Bearer ${token}`], ...impersonate] });
  }
  /** A little of everything that a check can end with here. */
  async function makeTraffic(): Promise<readonly string[]> {
    const alice = await issuer.mint({ sub: 'alice', uid: 'u', team: 't' });
    const lost = forgedToken({ alg: 'RS256' }, { iss: deadIssuer, aud: 'kubernetes' });
    const replies = [
      await check(alice),
      await check(alice),
      await check(alice, 'carol'),
      await check(alice, 'root'),
      await check('rubbish'),
      await check(lost),
    ];
    return replies.map(({ reason }) => reason);
  }
  async function dataOf(exprs: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const expr of exprs) counts.set(expr, (await prometheus.query(expr)).length);
    return counts;
  }

  it('is refused, with 503, before our account may ask about its token', async () => {
    assert.equal(await scrape(await tokenOf(scraper)), 503);
    assert.equal(await scrape(), 401);
  });

  it('gets the metrics by the roles that rbac prints and that the document shows', async () => {
    const { code, stdout, stderr } = await runProgram(['rbac', '--config', server.configFile]);
    assert.equal(code, 0, stderr);
    await apply(
      cluster,
      parseAllDocuments(stdout).map((one): object => one.toJS()),
    );
    await waitUntil('the right to ask', () => answers(403), seldom);
    await apply(cluster, manifestsOf('docs/metrics.md', 'kube-ext-authz-metrics'));
    await waitUntil('the right to scrape', () => answers(200), seldom);
    await waitUntil('a scrape', async () => {
      const [up] = await prometheus.query(`up{job="${job}"}`);
      return up?.value[1] === '1';
    });
  });

  it('is the only one that gets them', async () => {
    assert.equal(await scrape(), 401);
    assert.equal(await scrape('rubbish'), 401);
    assert.equal(await scrape(await tokenOf(another)), 403);
    const narrow = { audiences: ['elsewhere'] };
    const { namespace, name } = scraper;
    assert.equal(
      await scrape(await createServiceAccountToken(cluster, namespace, name, narrow)),
      401,
    );
    await waitUntil('both targets to be scraped', async () => {
      const { activeTargets } = await prometheus.get<Targets>('targets');
      const faults = activeTargets.map(({ labels, lastError }) => [labels['job'], lastError]);
      assert.deepEqual(Object.fromEntries(faults), {
        [job]: '',
        'without-a-token': 'server returned HTTP status 401 Unauthorized',
      });
      return true;
    });
    for (const door of ['livez', 'readyz']) {
      assert.equal((await fetch(`${server.adminUrl}/${door}`)).status, 200);
    }
  });

  it('has data for every panel of the dashboard and every recorded rate', async () => {
    const panels = readDashboard().panels.flatMap(({ targets = [] }) => targets);
    const recorded = readRules().flatMap(({ record }) => (record === undefined ? [] : [record]));
    const exprs = [...panels.map(({ expr }) => withVariables(expr)), ...recorded];
    assert.ok(exprs.length > 40);
    const reasons = await makeTraffic();
    assert.deepEqual(reasons, [
      '',
      '',
      '',
      'impersonation_denied',
      'token_malformed',
      'issuer_unavailable',
    ]);
    let empty: readonly string[] = exprs;
    await waitUntil('data for every query', async () => {
      await makeTraffic();
      empty = [...(await dataOf(empty))].filter(([, count]) => count === 0).map(([expr]) => expr);
      if (empty.length > 0) throw new Error(`there is none for ${empty.join('\n')}`);
      return true;
    });
  });

  it('counts what was asked', async () => {
    const counted = await prometheus.query(
      `sum by (decision, reason, issuer) (kube_ext_authz_checks_total)`,
    );
    const seen = counted.map(({ metric }) =>
      [metric['decision'], metric['reason'], metric['issuer']].join(),
    );
    assert.deepEqual(seen.toSorted(), [
      'allow,,people',
      'deny,impersonation_denied,people',
      'deny,issuer_unavailable,',
      'deny,token_malformed,',
    ]);
    const [left] = await prometheus.query(
      'kube_ext_authz_upstream_token_expiry_timestamp_seconds - time()',
    );
    assert.ok(Number(left?.value[1]) > 1_000, 'our own token says when it ends');
  });

  it('takes every rule without a fault', async () => {
    const rules = await waitUntil('every rule to be evaluated', async () => {
      const { groups } = await prometheus.get<RuleGroups>('rules');
      const all = groups.flatMap((group) => group.rules);
      return all.every(({ health }) => health !== 'unknown') ? all : undefined;
    });
    assert.equal(rules.length, readRules().length);
    for (const { name, health, lastError = '' } of rules) {
      assert.deepEqual([name, health === 'err', lastError], [name, false, '']);
    }
    for (const { expr } of readRules()) await prometheus.query(expr);
  });

  it('begins to alert about the issuer that is down, in words that name it', async () => {
    const alert = await waitUntil('the alert', async () => {
      const { alerts } = await prometheus.get<Alerts>('alerts');
      return alerts.find(({ labels }) => labels['alertname'] === 'KubeExtAuthzIssuerWithoutKeys');
    });
    assert.equal(alert.labels['issuer'], 'nowhere');
    assert.match(String(alert.annotations['summary']), /has no keys of the issuer nowhere\.$/);
    assert.match(String(alert.annotations['description']), /in the line issuer\/nowhere/);
    const others = (await prometheus.get<Alerts>('alerts')).alerts;
    for (const { annotations } of others) {
      assert.doesNotMatch(JSON.stringify(annotations), /error expanding|no value/);
    }
  });

  it('sees that the server is gone', async () => {
    await server.stop();
    await waitUntil('the target to be down', async () => {
      return (await prometheus.query(`up{job="${job}"} == 0`)).length === 1;
    });
  });
});

interface Targets {
  readonly activeTargets: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly lastError: string;
  }[];
}

interface RuleGroups {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly name: string;
      readonly health: string;
      readonly lastError?: string;
    }[];
  }[];
}

interface Alerts {
  readonly alerts: readonly Readonly<
    Record<'labels' | 'annotations', Readonly<Record<string, string>>>
  >[];
}

function scrapeConfigs({ adminUrl }: RunningServer, tokenFile: string): readonly object[] {
  const labels = { namespace: own.namespace };
  const target = { static_configs: [{ targets: [new URL(adminUrl).host], labels }] };
  return [
    { job_name: job, authorization: { credentials_file: tokenFile }, ...target },
    { job_name: 'without-a-token', ...target },
  ];
}
