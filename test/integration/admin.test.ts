/** The operator's side over real HTTP. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startIssuer, type Issuer } from '../../lab/issuer.ts';
import { fetchText, startRunningApp, type RunningApp } from '../support/running-app.ts';

describe('the admin address', () => {
  let issuer: Issuer;
  let running: RunningApp;
  before(async () => {
    issuer = await startIssuer();
    running = await startRunningApp({ issuers: [issuer] });
  });
  after(async () => {
    await running.stop();
    await issuer.close();
  });

  it('says that the process lives', async () => {
    const { status, text } = await fetchText(`${running.app.adminURL}/livez`);
    assert.deepEqual([status, text], [200, 'ok\n']);
  });

  it('says which parts are ready', async () => {
    const { status, text } = await running.readyz();
    assert.equal(status, 200);
    assert.deepEqual(text.split('\n'), [
      '[+]grpc ok',
      '[+]upstream-token ok',
      '[+]audit ok',
      '[+]audit-writes ok',
      '[+]kubernetes-access ok',
      '[+]configuration ok',
      '[+]issuer-discovery/issuer-0 ok',
      '[+]issuer/issuer-0 ok',
      'readyz check passed',
      '',
    ]);
  });

  it('gives out metrics with labels from closed sets only', async () => {
    for (const name of ['x', 'y', 'z']) {
      const token = await issuer.mint({ sub: name, uid: name, team: name, iss: `https://${name}` });
      const lines = [['authorization', `Bearer ${token}`]] as const;
      await running.client.check({ lines, path: `/${name}` });
    }
    const { text } = await fetchText(`${running.app.adminURL}/metrics`);
    const series = text
      .split('\n')
      .filter((line) => line.startsWith('kube_ext_authz_checks_total'));
    const labels = 'decision="deny",reason="issuer_unknown",issuer="",act_as=""';
    assert.deepEqual(series, [`kube_ext_authz_checks_total{${labels}} 3`]);
    for (const name of [
      'kube_ext_authz_check_duration_seconds_count 3',
      'kube_ext_authz_issuer_key_fetches_total{issuer="issuer-0",outcome="success"} 1',
      'kube_ext_authz_upstream_token_expiry_timestamp_seconds 0',
      'kube_ext_authz_checks_in_flight 0',
      'kube_ext_authz_ready 1',
      'process_cpu_seconds_total',
      'nodejs_eventloop_lag_seconds',
    ]) {
      assert.ok(text.includes(`\n${name}`), name);
    }
  });

  it('has nothing else', async () => {
    assert.equal((await fetchText(`${running.app.adminURL}/`)).status, 404);
    const post = await fetch(`${running.app.adminURL}/livez`, { method: 'POST' });
    assert.equal(post.status, 405);
  });
});
