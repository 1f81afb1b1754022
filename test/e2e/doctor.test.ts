/** `doctor` of the whole product as it runs: clean as it is, and what it says when parts go. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { mintForAlice } from '../../lab/alice.ts';
import { asAdmin } from '../../lab/kube.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { waitUntil } from '../../lab/wait.ts';
import { withField } from '../support/config-files.ts';
import { examine, type Examination } from '../support/doctor.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

type Path = readonly (string | number)[];

describe('doctor of the quick start', () => {
  let lab: Quickstart;
  let names = 0;
  before(async () => {
    lab = await startTemporaryQuickstart();
  });
  after(() => lab.stop());

  /** Writes a file into the quick start's folder, readable by us alone, and returns its path. */
  function write(content: string): string {
    const path = join(lab.files.dir, `changed-${(names += 1)}`);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  }

  /** Examines the configuration with one field changed. */
  function examineWith(
    path: Path,
    value: unknown,
    ...flags: readonly string[]
  ): Promise<Examination> {
    const config = withField(parse(readFileSync(lab.server.configFile, 'utf8')), path, value);
    return examine(['--config', write(stringify(config)), ...flags]);
  }

  it('finds nothing, neither from the file nor live', async () => {
    for (const envoy of [lab.envoy.configFile, lab.envoy.adminUrl]) {
      const flags = ['--envoy', envoy, '--config', lab.server.configFile];
      assert.deepEqual(await examine(flags), { code: 0, findings: [], stderr: '' });
    }
  });

  it('K1: says that the API server is not there', async () => {
    const kubeconfig = parse(readFileSync(lab.files.serverKubeconfig, 'utf8'));
    const elsewhere = withField(
      kubeconfig,
      ['clusters', 0, 'cluster', 'server'],
      'https://127.0.0.1:1',
    );
    const { code, findings } = await examineWith(
      ['kubernetes', 'kubeconfig'],
      write(stringify(elsewhere)),
    );
    assert.deepEqual([code, idsOf(findings)], [1, ['K1']]);
    assert.match(findings[0]?.found ?? '', /ECONNREFUSED/);
  });

  it('K2: says which right a new extra needs', async () => {
    const { code, findings } = await examineWith(['extra'], {
      static: { 'example.com/zone': ['a'] },
    });
    assert.equal(code, 1);
    assert.deepEqual(
      findings.map(({ id, found, field }) => [id, found, field]),
      [['K2', 'it may not impersonate userextras/example.com/zone', 'kubernetes.token.file']],
    );
  });

  it('K2: says that the API server does not take our token', async () => {
    const token = write('eyJhbGciOiJub25lIn0.eyJleHAiOjQwMDAwMDAwMDB9.x');
    const { findings } = await examineWith(['kubernetes', 'token', 'file'], token);
    assert.ok(findings.length > 0);
    assert.deepEqual([...new Set(idsOf(findings))], ['K2']);
    assert.match(findings[0]?.found ?? '', /does not take the token/);
  });

  it('K3: says that there is no token in the file', async () => {
    const { findings } = await examineWith(['kubernetes', 'token', 'file'], write('not a token'));
    assert.deepEqual(idsOf(findings), ['K3']);
  });

  it('K4: says which issuer gives no keys', async () => {
    const entry = {
      name: 'away',
      issuer: { url: 'https://127.0.0.1:1', audiences: ['kubernetes'] },
      claimMappings: { username: { claim: 'sub', prefix: 'away:' } },
    };
    const { findings } = await examineWith(['jwt'], [entry]);
    assert.deepEqual(
      findings.map(({ id, field }) => [id, field]),
      [['K4', 'jwt[0].issuer.url']],
    );
    assert.match(findings[0]?.found ?? '', /^away: GET https:\/\/127\.0\.0\.1:1\/.*ECONNREFUSED/);
  });

  it('X6: says that a user of many groups does not fit into the limits of Envoy', async () => {
    const groups = Array.from({ length: 1200 }, (_, index) => `group-${index}`);
    const iat = Math.floor(Date.now() / 1000);
    const claims = { sub: 'bob', uid: 'b', team: 'x', groups, iat, exp: iat + 600 };
    const large = write(await lab.issuer.mint(claims));
    const { token } = await mintForAlice(lab.issuer);
    const flags = [
      '--envoy',
      lab.envoy.adminUrl,
      '--config',
      lab.server.configFile,
      '--token-file',
    ];
    assert.deepEqual(idsOf((await examine([...flags, write(token)])).findings), ['K10']);
    const { code, findings } = await examine([...flags, large]);
    assert.deepEqual([code, idsOf(findings)], [1, ['K10', 'X6']]);
  });

  it('X1: says that Envoy asks elsewhere', async () => {
    const flags = ['--envoy', lab.envoy.adminUrl];
    const { findings } = await examineWith(['grpc', 'address'], '127.0.0.1:1', ...flags);
    assert.ok(idsOf(findings).includes('X1'));
  });

  it('K2: says every right that is missing when the binding is gone', async () => {
    await asAdmin(lab.cluster, ['delete', 'clusterrolebinding', 'kube-ext-authz']);
    const missing = await waitUntil(
      'the API server to forget the binding',
      async () => {
        const { findings } = await examine(['--config', lab.server.configFile]);
        const found = findings.filter(({ id }) => id === 'K2').map((one) => one.found);
        return found.length > 4 ? found : undefined;
      },
      { timeoutMs: 30_000 },
    );
    for (const right of [
      'impersonate users',
      'impersonate groups',
      'create subjectaccessreviews',
    ]) {
      assert.ok(missing.includes(`it may not ${right}`), right);
    }
  });
});

function idsOf(findings: Examination['findings']): readonly string[] {
  return findings.map(({ id }) => id);
}
