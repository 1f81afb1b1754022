/** `doctor` as a command: what it reads, what it prints, how it ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { join } from 'node:path';
import { renderBootstrap } from '../../lab/bootstrap.ts';
import { minimal, writeFiles } from '../support/config-files.ts';
import { examine, runDoctor } from '../support/doctor.ts';

const good = renderBootstrap({
  certFile: 'tls.crt',
  keyFile: 'tls.key',
  accessLog: 'access.log',
  apiServer: { address: '127.0.0.1', port: 6443, caFile: 'ca.crt' },
  authz: { endpoints: [{ address: '127.0.0.1', port: 9001 }] },
});
const open = good.replace('failure_mode_allow: false', 'failure_mode_allow: yes');
const lenient = good.replace('validate_mutations: true', 'validate_mutations: false');
const panicking = good.replace('healthy_panic_threshold: { value: 1 }', '{}');

const folder = writeFiles({
  good,
  open,
  lenient,
  panicking,
  garbage: 'a: [1',
  other: 'a: 1',
  dump: '{"configs": []}',
  'config.yaml': { ...minimal, bogus: 1 },
});

const file = (name: string): string => join(folder, name);

type Row = readonly [does: string, flags: readonly string[], code: number, says: RegExp];

const ends: readonly Row[] = [
  ['finds nothing', ['--envoy', file('good')], 0, /^44 rules: nothing found\n$/],
  [
    'finds an error',
    ['--envoy', file('open')],
    1,
    /ERRORS \(1\)\n\nF1 {2}Wanted: ext_authz fails closed\. Found: it is true\./,
  ],
  ['finds a warning', ['--envoy', file('lenient')], 1, /WARNINGS \(1\)\n\nF12/],
  ['is content with a warning', ['--envoy', file('lenient'), '--fail-on', 'error'], 0, /WARNINGS/],
  ['still fails on an error', ['--envoy', file('open'), '--fail-on=error'], 1, /ERRORS/],
  ['knows a dump of nothing', ['--envoy', file('dump')], 1, /F0 .*no ext_authz filter was found/],
];

const cannotLook: readonly Row[] = [
  [
    'a file that is not there',
    ['--envoy', '/nowhere'],
    2,
    /error: \/nowhere: it can't be read: ENOENT/,
  ],
  ['what is no YAML', ['--envoy', file('garbage')], 2, /error: .*garbage: /],
  ['what is not of Envoy', ['--envoy', file('other')], 2, /neither an Envoy bootstrap nor/],
  [
    'an admin interface that is not there',
    ['--envoy', 'http://127.0.0.1:1'],
    2,
    /GET http:\/\/127\.0\.0\.1:1\/config_dump\?include_eds: .*ECONNREFUSED/,
  ],
  ['a wrong configuration', ['--config', file('config.yaml')], 2, /error: .*bogus/],
  ['manifests of nothing', ['--manifests', file('other')], 2, /nothing of Istio or Envoy Gateway/],
  ['no flags', [], 2, /--envoy, --config or --manifests is missing/],
  [
    'a token without a configuration',
    ['--envoy', file('good'), '--token-file', 'x'],
    2,
    /--token-file needs --config/,
  ],
  ['another format', ['--envoy', file('good'), '-o', 'xml'], 2, /--output must be text or json/],
];

describe('doctor', () => {
  for (const [does, flags, code, says] of ends) {
    it(`${does}: exit code ${code}`, async () => {
      const ended = await runDoctor(flags);
      assert.deepEqual([ended.code, ended.stderr], [code, '']);
      assert.match(ended.stdout, says);
    });
  }

  for (const [what, flags, code, says] of cannotLook) {
    it(`can't look at ${what}: exit code 2`, async () => {
      const ended = await runDoctor(flags);
      assert.deepEqual([ended.code, ended.stdout], [code, '']);
      assert.match(ended.stderr, says);
    });
  }

  it('tells place, reason, fix and source of a finding, without colours in a pipe', async () => {
    const { stdout } = await runDoctor(['--envoy', file('open')]);
    const line = open.split('\n').findIndex((one) => one.includes('failure_mode_allow')) + 1;
    assert.ok(stdout.includes(`at:  ${file('open')}:${line} static_resources.listeners[0]`));
    for (const label of ['why: ', 'fix: Set failure_mode_allow: false.', 'see: https://']) {
      assert.ok(stdout.includes(label), label);
    }
    assert.ok(!stdout.includes('\u001B'));
  });

  it('prints JSON', async () => {
    const { code, findings } = await examine(['--envoy', file('lenient')]);
    assert.equal(code, 1);
    assert.deepEqual(
      findings.map(({ id, severity }) => [id, severity]),
      [['F12', 'warning']],
    );
  });

  it('calls an installation clean that has only what is good to know', async () => {
    const { code, findings } = await examine(['--envoy', file('panicking')]);
    assert.deepEqual(
      [code, findings.map(({ id, severity }) => [id, severity])],
      [0, [['F37', 'info']]],
    );
  });

  it('reads standard input', async () => {
    const { code, stdout } = await runDoctor(['--envoy', '-'], open);
    assert.equal(code, 1);
    assert.match(stdout, /at: {2}-:\d+ /);
  });

  it('shows no control characters of a file', async () => {
    const hostile = good.replace('cluster_name: kube_ext_authz }', 'cluster_name: "\\e[2J" }');
    const { stdout } = await runDoctor(['--envoy', '-'], hostile);
    assert.ok(!stdout.includes('\u001B'));
  });
});

describe('doctor and an admin interface that is none', () => {
  const server = createServer((_, response) => response.writeHead(404).end('<html>'));
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close());

  it('says so: exit code 2', async () => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const { code, stderr } = await runDoctor(['--envoy', `http://127.0.0.1:${port}/`]);
    assert.equal(code, 2);
    assert.match(stderr, /the answer is 404, not 200; is that the admin interface of an Envoy\?/);
  });
});
