/** The drill for a stolen key in docs/pipelines.md, as it stands, with real parts: what is refused when, what goes on, what is found. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { readAudit } from '../../lab/audit-log.ts';
import { mintForAlice } from '../../lab/alice.ts';
import { httpsGet } from '../../lab/https.ts';
import { startKubectl } from '../../lab/kubectl.ts';
import { waitUntil, type RunningProcess } from '../../lab/process.ts';
import { replaceFile } from '../../lab/replace-file.ts';
import {
  commandsOfChapter,
  readRunnerFile,
  startPipelineRig,
  type PipelineRig,
  type Runner,
} from '../support/pipeline-rig.ts';
import { fetchText } from '../support/running-app.ts';

const program = 'node dist/main.js';
const who = '--issuer urn:remote-pipeline --subject deploy --audience kubernetes';
const deployer = 'system:serviceaccount:shop:deployer';

/** How soon a changed key file or configuration counts. */
const soon = { timeoutMs: 30_000 };

const [setUp, ...otherSetUps] = commandsOfChapter('As a service account');
const [replaceKey, seeRefusal, findRequests, findToken, ...more] =
  commandsOfChapter('A stolen key');

/** `mounted.pub` is where the kubelet would put a ConfigMap. */
async function makeKeys(runner: Runner): Promise<readonly string[]> {
  for (const name of ['pipeline', 'second', 'mounted']) {
    await succeeded(runner, `${program} keygen --out ${name}.key --public-out ${name}.pub`);
  }
  await succeeded(runner, 'cp pipeline.key stolen.key');
  mkdirSync(runner.file('volume'));
  mountAs(runner, '..first', 'mounted.pub');
  symlinkSync('..data/key.pub', runner.file('volume/key.pub'));
  return ['pipeline.pub', 'second.pub', 'volume/key.pub'];
}

/** As the kubelet does it (pkg/volume/util/atomic_writer.go). */
function mountAs(runner: Runner, version: string, key: string): void {
  mkdirSync(runner.file(`volume/${version}`));
  copyFileSync(runner.file(key), runner.file(`volume/${version}/key.pub`));
  symlinkSync(version, runner.file('volume/..data_tmp'));
  renameSync(runner.file('volume/..data_tmp'), runner.file('volume/..data'));
}

async function succeeded({ sh }: Runner, script = '', env = {}): Promise<string> {
  const { code, stdout, stderr } = await sh(script, env);
  assert.equal(code, 0, `${script}\n${stderr}${stdout}`);
  return stdout;
}

function asBearer(token: string): string {
  return `kubectl --server "$PROXY" --certificate-authority "$PROXY_CA" --namespace shop --token "${token}"`;
}

describe('a stolen key', () => {
  let rig: PipelineRig;
  before(async () => {
    rig = await startPipelineRig(makeKeys, 'shop');
    symlinkSync(rig.auditFile, rig.file('audit.log'));
    symlinkSync(rig.quickstart.files.apiServerAudit, rig.file('apiserver-audit.log'));
    copyFileSync(rig.server.configFile, rig.file('config.yaml'));
  });
  after(() => rig.stop());

  /** kubectl by a token that a key signs now. */
  function kubectlBy(key: string, args: string): ReturnType<Runner['sh']> {
    const token = `$(${program} token --key ${key}.key ${who})`;
    return rig.sh(`${asBearer(token)} ${args}`);
  }
  function watchBy(token: string): RunningProcess {
    const { parts, files } = rig.quickstart;
    const place = ['--server', rig.proxy.url, '--certificate-authority', rig.proxy.caFile];
    const args = ['get', 'configmaps', '--watch', '--namespace', 'shop', '--token', token.trim()];
    const logFile = rig.file('watch.log');
    return startKubectl(parts, files.kubeconfig, [...args, ...place], { logFile });
  }
  async function isGood(key: string): Promise<boolean> {
    const { code, stdout, stderr } = await kubectlBy(
      key,
      "auth whoami -o 'jsonpath={.status.userInfo.username}'",
    );
    if (code === 0) assert.equal(stdout, deployer);
    else assert.match(stderr, /the token's signature does not match its issuer's keys/);
    return code === 0;
  }
  async function becomesRefused(key: string): Promise<void> {
    await waitUntil(`${key} to be refused`, async () => !(await isGood(key)), soon);
  }

  it('is all that the chapter is about', () => {
    assert.deepEqual([...otherSetUps, ...more], []);
  });

  it('of an issuer is refused at once when the issuer has withdrawn it and a token by the new key comes', async () => {
    const { issuer, envoy, files } = rig.quickstart;
    const ca = readFileSync(files.ca, 'utf8');
    const status = async (token: string): Promise<number> => {
      const url = `${envoy.url}/api/v1/namespaces/default/pods`;
      return (await httpsGet({ url, ca, token })).status;
    };
    const { token: old } = await mintForAlice(issuer);
    assert.equal(await status(old), 200);
    await issuer.rotateKeys({ keepOld: false });
    const { token } = await mintForAlice(issuer);
    await waitUntil('the new key', async () => (await status(token)) === 200, soon);
    assert.equal(await status(old), 401);
  });

  it('acts as the account that the chapter before sets up, by its commands', async () => {
    await succeeded(rig, setUp, { KUBECONFIG: rig.quickstart.files.adminKubeconfig });
    await waitUntil('the account', async () => (await kubectlBy('second', 'version')).code === 0);
    assert.ok(await isGood('stolen'));
  });

  it('is good until its public part is replaced, by the command that is shown', async (t) => {
    await succeeded(rig, `${program} token --key stolen.key ${who} --ttl 10m > stolen.token`);
    const stolen = asBearer('$(cat stolen.token)');
    await succeeded(rig, `${stolen} create configmap planted`);
    assert.ok((await isGood('second')) && (await isGood('mounted')));
    const watched = watchBy(readRunnerFile(rig, 'stolen.token'));
    t.after(() => watched.stop());
    await waitUntil('the watch', () => readFileSync(watched.logFile, 'utf8').includes('planted'));
    await succeeded(rig, replaceKey);
    await becomesRefused('stolen');
    const { code, stderr } = await rig.sh(`${stolen} get configmaps`);
    assert.equal(code, 1, 'also the token that was verified and remembered');
    assert.match(stderr, /the token's signature does not match/);
    for (const key of ['replacement', 'second', 'mounted']) assert.ok(await isGood(key), key);
    await kubectlBy('second', 'create configmap later');
    await waitUntil('the open watch to go on', () => {
      return readFileSync(watched.logFile, 'utf8').includes('later');
    });
  });

  it('is seen to be refused', async () => {
    const said = await succeeded(rig, seeRefusal);
    assert.match(said, /^401\n/);
    assert.match(JSON.parse(said.slice(4)).message, /signature does not match its issuer's keys/);
  });

  it('has left everything that it did in both audit logs', async () => {
    await succeeded(rig, findRequests);
    const done = readAudit(rig.file('done.log'));
    const ids = readRunnerFile(rig, 'ids').trim().split('\n');
    assert.deepEqual(new Set(done.map(({ auditID }) => auditID)), new Set(ids));
    assert.deepEqual(new Set(done.map(({ user }) => user.username)), new Set([deployer]));
    const planted = done.filter(({ verb }) => verb === 'create').map((one) => one.requestURI);
    assert.ok(planted.some((uri) => uri.startsWith('/api/v1/namespaces/shop/configmaps')));
    writeFileSync(rig.file('of-token.log'), await succeeded(rig, findToken));
    const ofToken = readAudit(rig.file('of-token.log'));
    assert.ok(ofToken.some(({ requestURI }) => requestURI.includes('/shop/configmaps')));
    assert.ok(ofToken.length < done.length, 'nothing that others did');
  });

  it('shows in the metrics that are named', async () => {
    const { text } = await fetchText(`${rig.server.adminUrl}/metrics`);
    const checks = 'kube_ext_authz_checks_total';
    assert.match(
      text,
      new RegExp(`^${checks}\\{decision="deny",reason="token_signature",issuer="",`, 'm'),
    );
    assert.match(text, new RegExp(`^${checks}\\{decision="allow",reason="",issuer="shop",`, 'm'));
    const readAt = /^kube_ext_authz_issuer_keys_fetched_timestamp_seconds\{issuer="shop"\} (\S+)$/m;
    assert.ok(Date.now() / 1000 - Number(readAt.exec(text)?.[1]) < 3600);
  });

  it('is refused, too, when a ConfigMap that holds its public part is replaced', async () => {
    await succeeded(rig, `${program} keygen --out third.key --public-out third.pub`);
    mountAs(rig, '..second', 'third.pub');
    await becomesRefused('mounted');
    for (const key of ['third', 'replacement', 'second']) assert.ok(await isGood(key), key);
  });

  it('is good as before when the file is gone, and refused once its item is', async () => {
    await succeeded(rig, 'rm second.pub');
    await waitUntil(
      '/readyz to complain',
      async () => {
        return (await fetchText(`${rig.server.adminUrl}/readyz`)).text.includes('second.pub');
      },
      soon,
    );
    assert.ok(await isGood('second'));
    const { jwt, ...config } = parse(readFileSync(rig.server.configFile, 'utf8'));
    const [entry] = jwt;
    const keys = [{ file: rig.file('pipeline.pub') }];
    const changed = { ...config, jwt: [{ ...entry, issuer: { ...entry.issuer, keys } }] };
    replaceFile(rig.server.configFile, stringify(changed));
    await becomesRefused('second');
    assert.ok(await isGood('replacement'));
  });
});
