/** The configuration changes while checks go on: a good version is taken whole, a bad one is refused and told. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { discoveryPath, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Reply } from '../support/check-client.ts';
import { fetchText, jwtEntry, startRunningApp, type RunningApp } from '../support/running-app.ts';

const claims = { sub: 'alice', uid: '1', team: 'blue' };

describe('a configuration that changes', () => {
  let one: Issuer;
  let two: Issuer;
  let running: RunningApp;
  before(async () => {
    one = await startIssuer();
    two = await startIssuer();
    const reloadTiming = { patienceMs: 1_000, retryMs: 500 };
    running = await startRunningApp({ issuers: [one], reloadTiming });
  });
  after(async () => {
    await running.stop();
    await one.close();
    await two.close();
  });

  function edit(change: (config: Record<string, unknown>) => void): void {
    const config = parse(readFileSync(running.configFile, 'utf8'));
    change(config);
    writeFileSync(running.configFile, stringify(config));
  }

  function ask(token: string): Promise<Reply> {
    return running.client.check({ lines: [['authorization', `Bearer ${token}`]] });
  }

  async function become(token: string, status: number): Promise<void> {
    await waitUntil(`the token to get ${status}`, async () => (await ask(token)).status === status);
  }

  async function becomeReadyz(text: RegExp): Promise<void> {
    await waitUntil(`/readyz to say ${text.source}`, async () => {
      const answer = await running.readyz();
      assert.equal(answer.status, 200, 'the old configuration serves');
      return text.test(answer.text);
    });
  }

  it('takes a new issuer in and lets an old one go, and drops no check', async () => {
    const [first, second] = [await one.mint(claims), await two.mint(claims)];
    assert.deepEqual([(await ask(first)).status, (await ask(second)).status], [200, 401]);
    const asked = one.requests.get('/jwks');
    edit((config) => (config['jwt'] = [jwtEntry(one, 'issuer-0'), jwtEntry(two, 'two')]));
    while ((await ask(second)).status !== 200) assert.equal((await ask(first)).status, 200);
    assert.equal(one.requests.get('/jwks'), asked, 'the issuer that stays is not asked again');
    edit((config) => (config['jwt'] = [jwtEntry(two, 'two')]));
    await become(first, 401);
    assert.equal((await ask(second)).status, 200);
    edit((config) => (config['jwt'] = [jwtEntry(one, 'issuer-0')]));
    await become(first, 200);
  });

  it('has new rules for tokens that were accepted before', async () => {
    const token = await one.mint(claims);
    assert.equal((await ask(token)).status, 200);
    const prefixed = { ...jwtEntry(one, 'issuer-0'), maxTokenLifetime: '1m' };
    edit((config) => (config['jwt'] = [prefixed]));
    await become(token, 401);
    assert.equal((await ask(token)).reason, 'token_lifetime');
    edit((config) => (config['jwt'] = [jwtEntry(one, 'issuer-0')]));
    await become(token, 200);
  });

  it('is refused when it is bad, and the old one goes on', async () => {
    const token = await one.mint(claims);
    const good = readFileSync(running.configFile, 'utf8');
    for (const bad of ['{', 'jwt: 7', good.replace('name: issuer-0', 'colour: red')]) {
      writeFileSync(running.configFile, bad);
      await waitUntil('the fault to be told', async () => {
        const { status, text } = await running.readyz();
        assert.equal(status, 200, 'the old configuration serves');
        return text.includes('[!]configuration: the new version was refused: ');
      });
      assert.equal((await ask(token)).status, 200);
      writeFileSync(running.configFile, good);
      await waitUntil('the fault to be gone', async () => {
        return (await running.readyz()).text.includes('[+]configuration ok');
      });
    }
    assert.match(running.logged(), /unknown field \\"jwt\[0\]\.colour\\"/);
    const { text } = await fetchText(`${running.app.adminURL}/metrics`);
    assert.match(text, /kube_ext_authz_config_reloads_total\{outcome="failure"\} 3/);
    assert.match(text, /kube_ext_authz_config_reloads_total\{outcome="success"\} \d/);
  });

  it('waits for a new issuer that is down, says so, and is in use once it is up, with no check dropped', async () => {
    const three = await startIssuer();
    const [old, fresh] = [await one.mint(claims), await three.mint(claims)];
    const replies: Reply[] = [];
    const stream = { ended: false };
    const askOn = async (): Promise<void> => {
      while (!stream.ended) replies.push(await ask(old));
    };
    const streams = Promise.all([askOn(), askOn(), askOn()]);
    try {
      three.replaceHandler(discoveryPath, (_, response) => response.writeHead(500).end());
      edit((config) => (config['jwt'] = [jwtEntry(one, 'issuer-0'), jwtEntry(three, 'three')]));
      await becomeReadyz(
        /^\[!\]configuration: the new version waits until each of its new issuers/m,
      );
      await becomeReadyz(/^\[!\]new-issuer\/three: GET .* 500/m);
      await becomeReadyz(
        /^\[!\]configuration: .* refused: new issuers have no keys .*: three \(GET .* 500/m,
      );
      assert.equal((await ask(fresh)).reason, 'issuer_unknown');
      three.replaceHandler(discoveryPath, undefined);
      await become(fresh, 200);
      await becomeReadyz(/^\[\+\]configuration ok\n(?!.*new-issuer)/ms);
      const seen = replies.length;
      await waitUntil('more checks', () => replies.length > seen + 10);
    } finally {
      stream.ended = true;
      await streams;
      edit((config) => (config['jwt'] = [jwtEntry(one, 'issuer-0')]));
      await become(fresh, 401);
      await three.close();
    }
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200]);
  });

  it('says which settings wait for a restart', async () => {
    edit((config) => (config['log'] = { level: 'debug' }));
    await waitUntil('the warning', () => running.logged().includes('with a restart only'));
    assert.match(running.logged(), /"changed":\["log"\]/);
  });
});
