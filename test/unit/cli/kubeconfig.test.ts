/** Kubeconfigs: new ones, ones that others have entries in, and the same as commands for a shell. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { decodeJwt } from 'jose';
import { parse } from 'yaml';
import { createAuthority } from '../../../lab/certificates.ts';
import { UsageError } from '../../../src/cli/flags.ts';
import { run } from '../../../src/cli/kubeconfig.ts';
import { fakeTerminal, type FakeTerminal } from '../../support/fake-terminal.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const who = ['--issuer', 'urn:ci', '--subject', 's', '--audience', 'a'];
const token = ['--key-env', 'KEY', ...who];
const place = ['--server', 'https://kube.example.com', '--cluster', 'prod', '--user', 'ci'];
const exec = {
  apiVersion: 'client.authentication.k8s.io/v1',
  command: '/opt/node',
  args: [
    '/opt/kube-ext-authz/dist/main.js',
    'exec-credential',
    '--key-env=KEY',
    '--issuer=urn:ci',
    '--subject=s',
    '--audience=a',
  ],
  interactiveMode: 'Never',
};

async function make(...args: readonly string[]): Promise<FakeTerminal> {
  const terminal = fakeTerminal({ env: { KEY } });
  assert.equal(await run([...place, ...args], terminal), 0);
  return terminal;
}

/** As kubectl leaves them, and as people write them by hand. */
const others = `# the team's own file
apiVersion: v1
kind: Config
preferences: { colors: true }
current-context: lab
clusters:
  - name: lab # the one in the cellar
    cluster: { server: "https://10.0.0.1:6443", insecure-skip-tls-verify: true }
contexts:
  - { name: lab, context: { cluster: lab, user: admin } }
users:
  - name: admin
    user:
      token: T0PSECRET
extensions:
  - name: x
    extension: { y: 0o17, z: "0123" }
`;

function writeOthers(t: TestContext, text = others): string {
  const file = temporaryFolder(t)('config');
  writeFileSync(file, text, { mode: 0o644 });
  return file;
}

describe('kubeconfig', () => {
  it('has kubectl run this program for its tokens', async () => {
    const terminal = await make(...token);
    assert.deepEqual(parse(terminal.printed()), {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'prod',
      clusters: [{ name: 'prod', cluster: { server: 'https://kube.example.com' } }],
      users: [{ name: 'ci', user: { exec } }],
      contexts: [{ name: 'prod', context: { cluster: 'prod', user: 'ci' } }],
    });
    assert.equal(terminal.noted(), '');
    assert.doesNotMatch(terminal.printed(), /PRIVATE|eyJ/);
  });

  it('holds the certificates, the context and the namespace, and the key by its absolute path', async (t) => {
    const at = temporaryFolder(t);
    const { certPem } = await createAuthority('proxy');
    writeFileSync(at('ca'), `some words\n${certPem}${certPem}`);
    writeFileSync(at('key'), KEY, { mode: 0o600 });
    const here = process.cwd();
    process.chdir(at('.'));
    t.after(() => process.chdir(here));
    const more = ['--ca', 'ca', '--context', 'c', '--namespace', 'n', '--out', 'config'];
    const flags = ['--key', 'key', '--ttl', '5m', '--claim', 'x="a b"', '--kid=-k'];
    const terminal = await make(...who, ...flags, ...more);
    const config = parse(readFileSync(at('config'), 'utf8'));
    const data = config.clusters[0].cluster['certificate-authority-data'];
    assert.equal(Buffer.from(data, 'base64').toString(), `${certPem}${certPem}`);
    assert.deepEqual(config.contexts, [
      { name: 'c', context: { cluster: 'prod', user: 'ci', namespace: 'n' } },
    ]);
    const args: readonly string[] = config.users[0].user.exec.args;
    for (const one of [`--key=${process.cwd()}/key`, '--ttl=5m', '--claim=x="a b"', '--kid=-k']) {
      assert.ok(args.includes(one), one);
    }
    assert.equal(statSync(at('config')).mode & 0o777, 0o600);
    assert.equal(terminal.printed(), '');
    assert.equal(terminal.noted(), 'config has the context "c"\n');
  });

  it('embeds a token when it is told to, and warns of its end', async () => {
    const terminal = await make(...token, '--embed-token');
    const [{ user }] = parse(terminal.printed()).users;
    assert.deepEqual(Object.keys(user), ['token']);
    assert.equal(decodeJwt(user.token).sub, 's');
    assert.equal(terminal.noted(), 'warning: the token ends at 2026-11-25T08:01:00.000Z\n');
  });

  it('does not run a signer before there is need of a token', async (t) => {
    const at = temporaryFolder(t);
    await make(...who, '--signer', `touch ${at('ran')}`, '--alg', 'RS256');
    assert.deepEqual(readdirSync(at('.')), []);
  });

  it('does not touch a file that is there', async (t) => {
    const file = writeOthers(t);
    await assert.rejects(make(...token, '--out', file), {
      message: `${file} is there already: add to it with --merge, or choose another name`,
    });
    assert.equal(readFileSync(file, 'utf8'), others);
  });

  it('adds to a file and keeps everything else of it, its comments and its current context, too', async (t) => {
    const file = writeOthers(t);
    await make(...token, '--out', file, '--merge');
    const text = readFileSync(file, 'utf8');
    const [before, after] = [parse(others), parse(text)];
    for (const list of ['clusters', 'contexts', 'users']) {
      assert.equal(after[list].length, 2, list);
      after[list] = after[list].slice(0, 1);
    }
    assert.deepEqual(after, before);
    for (const part of ["# the team's own file", '# the one in the cellar', '0o17', '"0123"']) {
      assert.ok(text.includes(part), part);
    }
    assert.deepEqual(parse(text).users[1], { name: 'ci', user: { exec } });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await make(...token, '--out', file, '--merge');
    assert.equal(readFileSync(file, 'utf8'), text, 'once more changes nothing');
  });

  it('replaces the entries of its names', async (t) => {
    const file = writeOthers(t);
    await make(...token, '--out', file, '--merge', '--cluster=lab', '--user=admin').catch(
      () => undefined, // --cluster is there twice
    );
    assert.equal(readFileSync(file, 'utf8'), others);
    const terminal = fakeTerminal({ env: { KEY } });
    const names = ['--server', 'https://new.example.com', '--cluster', 'lab', '--user', 'admin'];
    await run([...names, ...token, '--out', file, '--merge'], terminal);
    const { clusters, users } = parse(readFileSync(file, 'utf8'));
    assert.deepEqual(clusters, [{ name: 'lab', cluster: { server: 'https://new.example.com' } }]);
    assert.deepEqual(users, [{ name: 'admin', user: { exec } }]);
  });

  for (const [what, text] of [
    ['an empty file', ''],
    ['a file with a comment alone', '# nothing yet\n'],
    [
      'what kubectl makes of nothing',
      'apiVersion: v1\nclusters: null\ncontexts: []\ncurrent-context: ""\nkind: Config\nusers: []\n',
    ],
    ['JSON', '{"apiVersion": "v1", "kind": "Config", "clusters": [], "users": null}'],
  ] as const) {
    it(`makes a whole kubeconfig of ${what}`, async (t) => {
      const file = writeOthers(t, text);
      await make(...token, '--out', file, '--merge');
      const merged = parse(readFileSync(file, 'utf8'));
      assert.deepEqual(merged, parse((await make(...token)).printed()));
    });
  }

  it('follows a link to the file, and leaves it one', async (t) => {
    const at = temporaryFolder(t);
    writeFileSync(at('real'), others);
    symlinkSync(at('real'), at('link'));
    await make(...token, '--out', at('link'), '--merge');
    assert.ok(lstatSync(at('link')).isSymbolicLink());
    assert.equal(parse(readFileSync(at('real'), 'utf8')).users.length, 2);
    assert.deepEqual(readdirSync(at('.')).toSorted(), ['link', 'real']);
  });

  for (const [what, text, says] of [
    ['broken YAML', 'users:\n  - "T0PSECRET\n', /line \d is no valid YAML \([A-Z_]+\): mend it/],
    [
      'a name twice',
      'kind: Config\nkind: T0PSECRET\n',
      /line 2 is no valid YAML \(DUPLICATE_KEY\)/,
    ],
    ['something else', 'kind: Secret\ndata: T0PSECRET\n', /is no kubeconfig: choose another file/],
    ['text', 'T0PSECRET\n', /is no kubeconfig/],
    ['lists that are none', 'kind: Config\nusers: T0PSECRET\n', /users is no list: mend it/],
  ] as const) {
    it(`leaves ${what} alone and quotes nothing of it`, async (t) => {
      const file = writeOthers(t, text);
      await assert.rejects(make(...token, '--out', file, '--merge'), (error: Error) => {
        assert.match(error.message, says);
        assert.ok(error.message.startsWith(file));
        assert.doesNotMatch(error.message, /T0PSECRET/);
        return true;
      });
      assert.equal(readFileSync(file, 'utf8'), text);
    });
  }

  it('says that a file can not be written', async (t) => {
    const file = temporaryFolder(t)('no/config');
    const message = `${file} can't be written (ENOENT)`;
    await assert.rejects(make(...token, '--out', file), { message });
  });

  it('prints commands that a shell reads back word for word', async (t) => {
    const at = temporaryFolder(t);
    writeFileSync(at('kubectl'), '#!/bin/sh\nprintf "%s\\n" "$@" END\n');
    chmodSync(at('kubectl'), 0o755);
    const hostile = `x="$(id)'\\\\ \`id\` , ü"`;
    const terminal = fakeTerminal({ env: { KEY } });
    const names = ['--server', 'https://kube.example.com', '--cluster', "p'r od", '--user', '-u'];
    const [, cluster = '', , , user = ''] = ['', names[3], '', '', names[5]];
    const flags = [...names.slice(0, 4), `--user=${user}`, '--claim', hostile, '--print-commands'];
    await run([...flags, ...token], terminal);
    assert.equal(terminal.printed().split('\n').length, 2, 'one line');
    const env = { PATH: `${at('.')}:${process.env['PATH']}` };
    const said = execFileSync('sh', ['-c', terminal.printed()], { env, encoding: 'utf8' });
    const [set, login = [], context] = said.split('END\n').map((one) => one.trim().split('\n'));
    const server = '--server=https://kube.example.com';
    assert.deepEqual(set, ['config', 'set-cluster', server, '--', cluster]);
    assert.deepEqual(context, [
      'config',
      'set-context',
      `--cluster=${cluster}`,
      `--user=${user}`,
      '--',
      cluster,
    ]);
    // kubectl reads --exec-arg as a line of CSV.
    assert.ok(login.includes(`--exec-arg="--claim=${hostile.replaceAll('"', '""')}"`), said);
    assert.deepEqual(login.slice(-3), ['--exec-interactive-mode=Never', '--', user]);
  });

  it('prints commands with a token when it is told to', async () => {
    const terminal = await make(...token, '--print-commands', '--embed-token');
    assert.match(terminal.printed(), /set-credentials --token=eyJ[\w.-]+ -- ci && /);
    assert.match(terminal.noted(), /^warning: the token ends at/);
  });

  const [, address, ...names] = place;
  for (const [args, says] of [
    [[...place, ...token, '--merge'], '--merge needs the file: --out FILE'],
    [
      [...place, ...token, '--print-commands', '--out', 'x'],
      '--print-commands writes no file: leave --out away',
    ],
    [[...token, '--server', String(address), '--user', 'u'], '--cluster is missing'],
    [[...token, '--server', String(address), '--cluster', 'c'], '--user is missing'],
    [[...names, ...token], '--server is missing'],
    ...['http://x.example.com', 'kube.example.com', 'https://u:p@x.example.com', 'https://'].map(
      (url) =>
        [
          [...names, ...token, '--server', url],
          '--server must be the https address of the proxy, such as https://kube.example.com',
        ] as const,
    ),
  ] as const) {
    it(`given ${args.slice(-2).join(' ')} says ${says}`, async () => {
      await assert.rejects(run(args, fakeTerminal({ env: { KEY } })), new UsageError(says));
    });
  }

  for (const text of ['', 'no certificate', KEY]) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))} for certificates`, async (t) => {
      const file = temporaryFolder(t)('ca');
      writeFileSync(file, text);
      await assert.rejects(make(...token, '--ca', file), {
        message: `--ca: ${file} must hold certificates in PEM, and each must be readable`,
      });
    });
  }
});
