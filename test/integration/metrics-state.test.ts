/** What the metrics show of a server whose issuer, configuration and tokens change while it runs. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { startIssuer, type Issuer } from '../../lab/issuer.ts';
import { freePort } from '../../lab/port.ts';
import { waitUntil } from '../../lab/wait.ts';
import { fetchText, jwtEntry, startRunningApp, type RunningApp } from '../support/running-app.ts';

describe('the metrics of a server that runs', () => {
  let issuer: Issuer;
  let running: RunningApp;
  let good: string;
  before(async () => {
    issuer = await startIssuer();
    const reloadTiming = { patienceMs: 1_000, retryMs: 500 };
    running = await startRunningApp({ issuers: [issuer], reloadTiming });
    good = readFileSync(running.configFile, 'utf8');
  });
  after(async () => {
    await running.stop();
    await issuer.close();
  });

  /** The value of a series; undefined when it is not there. */
  async function valueOf(series: string): Promise<number | undefined> {
    const { text } = await fetchText(`${running.app.adminURL}/metrics`);
    const line = text.split('\n').find((one) => one.startsWith(`kube_ext_authz_${series} `));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  }
  async function become(series: string, value: number | undefined): Promise<void> {
    await waitUntil(`${series} to be ${value}`, async () => (await valueOf(series)) === value);
  }
  async function ask(token: string): Promise<number> {
    return (await running.client.check({ lines: [['authorization', `Bearer ${token}`]] })).status;
  }

  it('tell how many tokens were remembered, and how many are', async () => {
    const token = await issuer.mint({ sub: 'alice', uid: '1', team: 'blue' });
    for (let check = 0; check < 3; check += 1) assert.equal(await ask(token), 200);
    assert.equal(await valueOf('token_cache_requests_total{result="miss"}'), 1);
    assert.equal(await valueOf('token_cache_requests_total{result="hit"}'), 2);
    assert.equal(await valueOf('token_cache_entries'), 1);
    assert.equal(await valueOf('check_phase_seconds_count{phase="token"}'), 1);
    assert.equal(await valueOf('check_phase_seconds_count{phase="credential"}'), undefined);
  });

  it('tell that a configuration was refused, and since when the one in use is', async () => {
    const takenAt = (): Promise<number | undefined> =>
      valueOf('config_last_reload_success_timestamp_seconds');
    const since = await takenAt();
    assert.ok(since !== undefined && Math.abs(since - Date.now() / 1000) < 60);
    writeFileSync(running.configFile, 'jwt: 7');
    await become('config_last_reload_successful', 0);
    assert.equal(await valueOf('config_reloads_total{outcome="failure"}'), 1);
    assert.equal(await valueOf('readiness_part_ok{part="configuration"}'), 0);
    assert.equal(await valueOf('ready'), 1);
    assert.equal(await takenAt(), since);
    const config = parse(good);
    config.jwt[0].name = 'renamed';
    writeFileSync(running.configFile, stringify(config));
    await become('config_reloads_total{outcome="success"}', 1);
    assert.equal(await valueOf('config_last_reload_successful'), 1);
    assert.ok(Number(await takenAt()) > since);
  });

  it('show the issuers of the new configuration, and those of the old one no more', async () => {
    await become('issuer_keys_usable{issuer="renamed"}', 1);
    assert.equal(await valueOf('issuer_keys_faulty{issuer="renamed"}'), 0);
    for (const name of ['issuer_keys_usable', 'issuer_keys_fetched_timestamp_seconds']) {
      assert.equal(await valueOf(`${name}{issuer="issuer-0"}`), undefined);
    }
    assert.equal(await valueOf('readiness_part_ok{part="issuer/issuer-0"}'), undefined);
  });

  it('tell an issuer that was never there from one that is there no more', async (t) => {
    const url = `https://127.0.0.1:${await freePort()}`;
    const lost = await startIssuer();
    const other = await startRunningApp({
      issuers: [lost],
      config: {
        jwt: [jwtEntry(lost, 'lost'), jwtEntry({ url, caPem: lost.caPem }, 'never')],
      },
    });
    t.after(other.stop);
    const token = await lost.mint({ sub: 'alice', uid: '1', team: 'blue' });
    await lost.rotateKeys({ keepOld: false });
    const strange = await lost.mint({ sub: 'alice', uid: '1', team: 'blue' });
    await lost.close();
    const ownMetrics = async (): Promise<string> =>
      (await fetchText(`${other.app.adminURL}/metrics`)).text;
    await waitUntil('the fault to show', async () => {
      await other.client.check({ lines: [['authorization', `Bearer ${strange}`]] }); // fetches keys
      return (await ownMetrics()).includes('issuer_keys_faulty{issuer="lost"} 1');
    });
    const reply = await other.client.check({ lines: [['authorization', `Bearer ${token}`]] });
    assert.equal(reply.status, 200, 'the last keys are in use');
    const text = await ownMetrics();
    for (const line of [
      'issuer_keys_usable{issuer="lost"} 1',
      'issuer_keys_usable{issuer="never"} 0',
      'issuer_keys_faulty{issuer="never"} 1',
      'issuer_keys_fetched_timestamp_seconds{issuer="never"} 0',
    ]) {
      assert.ok(text.includes(`\nkube_ext_authz_${line}\n`), line);
    }
    assert.match(text, /issuer_keys_fetched_timestamp_seconds\{issuer="lost"\} 1\d{9}/);
  });
});
