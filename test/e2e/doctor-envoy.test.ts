/** `doctor --envoy` against real Envoys: what is broken in a bootstrap shows in what they dump. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { renderBootstrap } from '../../lab/bootstrap.ts';
import { runEnvoy } from '../../lab/envoy.ts';
import { lookAtEnvoy } from '../../src/doctor/envoy-look.ts';
import { envoyRules } from '../../src/doctor/envoy-rules.ts';
import { findingsOf, type Finding } from '../../src/doctor/finding.ts';
import { breakages } from '../support/envoy-breakages.ts';
import {
  applyChanges,
  envoyProgram,
  writeCertificates,
  type Change,
} from '../support/envoy-rig.ts';

describe('doctor, of an Envoy that runs', () => {
  let dir: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'doctor-envoy-'));
    await writeCertificates(dir);
  });
  after(() => rmSync(dir, { recursive: true }));

  /** Starts an Envoy whose bootstrap has the changes, and has it examined by its admin interface. */
  async function examineLive(changes: readonly Change[]): Promise<readonly Finding[]> {
    const file = (name: string): string => join(dir, name);
    const bootstrap = renderBootstrap({
      certFile: file('tls.crt'),
      keyFile: file('tls.key'),
      accessLog: file('access.log'),
      apiServer: { address: '127.0.0.1', port: 6443, caFile: file('ca.crt') },
      authz: { endpoints: [{ address: '127.0.0.1', port: 9001 }] },
    });
    const broken = applyChanges(bootstrap, changes).replaceAll(
      / tls\.(crt|key)/g,
      ` ${dir}/tls.$1`,
    );
    writeFileSync(file('envoy.yaml'), broken);
    const envoyBin = await envoyProgram();
    const envoy = await runEnvoy({ dir, envoyBin, configFile: file('envoy.yaml') });
    try {
      const { config, source } = await lookAtEnvoy(envoy.adminUrl);
      return findingsOf(envoyRules, config, source);
    } finally {
      await envoy.stop();
    }
  }

  it('finds nothing in our own', async () => {
    assert.deepEqual(await examineLive([]), []);
  });

  const shown = breakages.filter(({ onlyFile }) => onlyFile === undefined);
  for (const { rule, says, changes, severity } of shown) {
    it(`finds ${rule}: ${says}`, async () => {
      const findings = await examineLive(changes);
      const own = findings.filter(({ id }) => id === rule);
      assert.ok(
        own.some((one) => one.severity === severity),
        JSON.stringify(findings),
      );
    });
  }
});
