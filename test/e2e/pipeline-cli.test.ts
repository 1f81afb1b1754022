/** Pipelines that sign for themselves: by this program as kubectl runs it, by openssl, and by Python; with real parts. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { readAudit } from '../../lab/audit-log.ts';
import { startKubectl } from '../../lab/kubectl.ts';
import { waitUntil } from '../../lab/wait.ts';
import { blocks } from '../support/documents.ts';
import {
  documentedCommands,
  readRunnerFile,
  startPipelineRig,
  type PipelineRig,
  type Runner,
} from '../support/pipeline-rig.ts';
import type { Ended } from '../support/server-process.ts';

const types = ['ec', 'rsa', 'ed25519'] as const;
const formats = ['public-key', 'certificate', 'jwks'] as const;
const keys = types.flatMap((type) => formats.map((format) => `${type}-${format}`));

const program = 'node dist/main.js';
const who = '--issuer urn:remote-pipeline --subject deploy --audience kubernetes';

/** As in "Secure Access to Kubernetes From Your Pipeline" (Marc Boorshtein); it asks for a name, and takes no for an answer. */
const openssl =
  'yes "" | openssl req -x509 -sha256 -nodes -days 365 -newkey rsa:2048 -keyout article.key -out article.crt';

/** From the same article, with the claims that its text lists. */
const python = `
import datetime
import uuid
import jwt

private_key = open('article.key').read()

jwt_claims = {
    'sub': "urn:remote-pipeline",
    'iss': "urn:remote-pipeline",
    'aud': "kubernetes",
    'jti': str(uuid.uuid4()),
    'iat':datetime.datetime.utcnow(),
    'exp':datetime.datetime.utcnow() + datetime.timedelta(seconds=int(60)),
    'nbf':datetime.datetime.utcnow() - datetime.timedelta(seconds=60)
}

signed_jwt = jwt.encode(jwt_claims,key=private_key,algorithm='RS256')

print(signed_jwt)
`;

async function makeKeys({ sh }: Runner): Promise<readonly string[]> {
  const documented = documentedCommands().filter((text) => /keygen|openssl req/.test(text));
  assert.equal(documented.length, 2);
  const made = types.flatMap((type) =>
    formats.map((format) => {
      const bits = type === 'rsa' ? '--bits 2048' : '';
      const name = `${type}-${format}`;
      return `${program} keygen --type ${type} ${bits} --format ${format} --out ${name}.key --public-out ${name}.pub`;
    }),
  );
  const stranger = `${program} keygen --out stranger.key`;
  for (const script of [...documented, ...made, openssl, stranger]) {
    succeeded(await sh(script));
  }
  return ['pipeline.pub', 'certificate.crt', 'article.crt', ...keys.map((name) => `${name}.pub`)];
}

function succeeded(ended: Ended): string {
  assert.equal(ended.code, 0, `${ended.stderr}${ended.stdout}`);
  assert.doesNotMatch(ended.stderr, /PRIVATE KEY|eyJ/);
  return ended.stdout;
}

describe('a pipeline', () => {
  let rig: PipelineRig;
  before(async () => {
    rig = await startPipelineRig(makeKeys);
  });
  after(() => rig.stop());

  function kubeconfig(name: string, flags: string): Promise<Ended> {
    const place = '--server "$PROXY" --ca "$PROXY_CA" --cluster production --user deploy';
    return rig.sh(`${program} kubeconfig ${place} ${who} --out ${name} ${flags}`);
  }

  async function whoami(name: string, env = {}, flags = ''): Promise<string> {
    const asked = `kubectl --kubeconfig ${name} ${flags} auth whoami -o jsonpath='{.status.userInfo.username}'`;
    return succeeded(await rig.sh(asked, env));
  }

  for (const name of keys) {
    it(`is who it says by a key of ${name}, which kubectl has signed whenever it needs a token`, async () => {
      succeeded(await kubeconfig(`${name}.kubeconfig`, `--key ${name}.key`));
      assert.equal(await whoami(`${name}.kubeconfig`), 'pipeline:deploy');
    });
  }

  it('is refused with a key that is not configured', async () => {
    succeeded(await kubeconfig('stranger.kubeconfig', '--key stranger.key'));
    const { code, stderr } = await rig.sh('kubectl --kubeconfig stranger.kubeconfig auth whoami');
    assert.notEqual(code, 0);
    assert.match(stderr, /the token's signature does not match its issuer's keys/);
  });

  it('is asked for a new token before the old one ends, by the same kubectl', async (t) => {
    succeeded(await kubeconfig('short.kubeconfig', '--key pipeline.key --ttl 5s'));
    const { parts, files } = rig.quickstart;
    const logFile = rig.file('proxy.log');
    const args = ['proxy', '--port=0'];
    const kubectl = startKubectl(parts, rig.file('short.kubeconfig'), args, { logFile });
    t.after(() => kubectl.stop());
    const address = await waitUntil('kubectl proxy to serve', () => {
      return /127\.0\.0\.1:\d+/.exec(readFileSync(logFile, 'utf8'))?.[0];
    });
    const url = `http://${address}/api/v1/namespaces/default/pods?fieldSelector=metadata.name%3Dshort`;
    const id = 'authentication.kubernetes.io/credential-id';
    await waitUntil('a third token', async () => {
      assert.equal((await fetch(url)).status, 200);
      const ids = readAudit(files.apiServerAudit)
        .filter(({ requestURI }) => requestURI.includes('Dshort'))
        .map(({ impersonatedUser }) => impersonatedUser?.extra?.[id]?.[0]);
      return new Set(ids).size >= 3;
    });
  });

  it('may put one token in, which is refused once it has ended', async () => {
    const flags = '--key pipeline.key --embed-token --ttl';
    const { stderr } = await kubeconfig('token.kubeconfig', `${flags} 5m`);
    assert.match(stderr, /^warning: the token ends at 20/m);
    assert.equal(await whoami('token.kubeconfig'), 'pipeline:deploy');
    assert.match(readRunnerFile(rig, 'token.kubeconfig'), /token: eyJ/);
    await kubeconfig('ended.kubeconfig', `${flags} 1s`);
    await waitUntil('the token to end', async () => {
      const ended = await rig.sh('kubectl --kubeconfig ended.kubeconfig auth whoami');
      return ended.stderr.includes('the token expired');
    });
  });

  it('adds itself to a kubeconfig and changes nothing else of it', async () => {
    copyFileSync(rig.quickstart.files.kubeconfig, rig.file('both.kubeconfig'));
    const refused = await kubeconfig('both.kubeconfig', '--key pipeline.key');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /both\.kubeconfig is there already: add to it with --merge/);
    succeeded(await kubeconfig('both.kubeconfig', '--key pipeline.key --merge'));
    assert.equal(await whoami('both.kubeconfig'), 'alice');
    assert.equal(await whoami('both.kubeconfig', {}, '--context production'), 'pipeline:deploy');
  });

  it('works with a plugin of v1beta1, with a key of the environment, and with an external signer', async () => {
    succeeded(await kubeconfig('beta.kubeconfig', '--key pipeline.key'));
    const text = readRunnerFile(rig, 'beta.kubeconfig');
    writeFileSync(rig.file('beta.kubeconfig'), text.replace('k8s.io/v1', 'k8s.io/v1beta1'));
    assert.equal(await whoami('beta.kubeconfig'), 'pipeline:deploy');
    const CI_KEY = readRunnerFile(rig, 'pipeline.key');
    const place = '--server "$PROXY" --ca "$PROXY_CA" --cluster c --user u --out env.kubeconfig';
    const made = await rig.sh(`${program} kubeconfig ${place} ${who} --key-env CI_KEY`, { CI_KEY });
    succeeded(made);
    assert.equal(await whoami('env.kubeconfig', { CI_KEY }), 'pipeline:deploy');
    const signer = `openssl dgst -sha256 -sign "${rig.file('rsa-jwks.key')}" | openssl base64`;
    succeeded(await kubeconfig('signer.kubeconfig', `--alg RS256 --signer '${signer}'`));
    assert.equal(await whoami('signer.kubeconfig'), 'pipeline:deploy');
  });

  it('is told by kubectl what is wrong when its key is gone', async () => {
    succeeded(await rig.sh('cp pipeline.key gone.key'));
    succeeded(await kubeconfig('gone.kubeconfig', '--key gone.key'));
    succeeded(await rig.sh('rm gone.key'));
    const { code, stderr } = await rig.sh('kubectl --kubeconfig gone.kubeconfig auth whoami');
    assert.notEqual(code, 0);
    assert.match(stderr, /error: --key: .*gone\.key can't be read \(ENOENT\)/);
  });

  it('finds commands in the document that work as they stand', async () => {
    const [, files, commands, curl, inspect, signer, , shell, ...more] = documentedCommands();
    assert.deepEqual(more, []);
    const run = async (script = '', env = {}): Promise<string> => {
      return succeeded(await rig.sh(script, env));
    };
    assert.match(await run(files), /^hello /m);
    const own = { KUBECONFIG: rig.file('own.kubeconfig') };
    assert.match(await run(`${await run(commands)}kubectl get pods`, own), /^hello /m);
    for (const script of [curl, shell]) {
      assert.equal(JSON.parse(await run(script)).items[0].metadata.name, 'hello');
    }
    for (const script of [inspect, signer]) {
      const said = await run(script);
      assert.match(said, /^signature: valid: by the key of pipeline\.pub$/m);
      assert.match(said, /^ {2}exp +\d+ {2}\S+, expires in (1 min|59 s|5\d s)$/m);
    }
  });

  it('finds a Python script there that works as it stands, and so does the one of the article', async () => {
    const [documented, ...more] = blocks('python').map(({ text }) => text);
    assert.deepEqual(more, []);
    const install = 'pip install --quiet --disable-pip-version-check pyjwt==2.15.1 cryptography';
    // pip is set up for whoever runs the tests.
    const home = { HOME: homedir() };
    succeeded(await rig.sh(`python3 -m venv venv && venv/bin/${install}`, home));
    for (const [script = '', user] of [
      [documented, 'deploy'],
      [python, 'urn:remote-pipeline'],
    ]) {
      writeFileSync(rig.file('mint.py'), script);
      const flags = '--server "$PROXY" --certificate-authority "$PROXY_CA" --token "$token"';
      const said = await rig.sh(
        `token=$(venv/bin/python mint.py); kubectl ${flags} auth whoami -o jsonpath='{.status.userInfo.username}'`,
      );
      assert.equal(succeeded(said), `pipeline:${user}`);
    }
  });
});
