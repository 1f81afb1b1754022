/** What the documents say is held against the code: reasons, commands, links, configurations. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { denyReasons } from '../../src/denial/reasons.ts';
import { minimal, writeConfig } from '../support/config-files.ts';
import { blocks, documents, readDocument, root, tableRows } from '../support/documents.ts';

describe('the documents', () => {
  it('list every reason with its status', () => {
    const rows = tableRows('docs/denials.md').map(([reason, status]) => `${reason} ${status}`);
    for (const [reason, status] of Object.entries(denyReasons)) {
      assert.ok(rows.includes(`${reason} ${status}`), reason);
    }
  });

  it("list every reason of Envoy's own filters, and none that there isn't", () => {
    const envoy = ['finisher.lua', 'bootstrap.yaml'].map((name) =>
      readFileSync(join(root, 'envoy', name), 'utf8'),
    );
    const listed = tableRows('docs/denials.md').map(([reason]) => reason ?? '');
    const own = listed.filter((reason) => /^[a-z]+_[a-z_]+$/.test(reason));
    for (const reason of own.filter((name) => !(name in denyReasons))) {
      assert.ok(
        envoy.some((text) => text.includes(reason)),
        reason,
      );
    }
    const inFinisher = [...(envoy[0] ?? '').matchAll(/^ {2}"([a-z_]+)",$/gm)].map(
      ([, name]) => name,
    );
    assert.equal(inFinisher.length, 4);
    for (const reason of [...inFinisher, 'authz_unavailable'])
      assert.ok(own.includes(reason ?? ''));
  });

  it('link to files that are there', () => {
    for (const file of documents()) {
      for (const [, target = ''] of readDocument(file).matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        assert.ok(existsSync(join(root, dirname(file), target)), `${file}: ${target}`);
      }
    }
  });

  it('name npm scripts and files that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    for (const file of documents()) {
      const text = readDocument(file);
      for (const [, name = ''] of text.matchAll(/\bnpm (?:run )?(start|test|[a-z:]+)\b/g)) {
        if (name !== 'install' && name !== 'run')
          assert.ok(name in scripts, `${file}: npm ${name}`);
      }
      for (const [, path = ''] of text.matchAll(/`((?:src|test|envoy|lab|bench)\/[\w./-]*)`/g)) {
        const isOutput = path === 'bench/results.json';
        assert.ok(isOutput || existsSync(join(root, path)), `${file}: ${path}`);
      }
    }
  });

  it('show configurations that are good', (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'documents-'));
    t.after(() => rmSync(dir, { recursive: true }));
    // The complete example names files: configuration-document.test.ts loads it with them.
    const shown = blocks('yaml').filter(
      ({ file, text }) => parse(text).kind === 'Configuration' && file !== 'docs/configuration.md',
    );
    assert.ok(shown.length > 0);
    for (const { text } of shown) {
      const file = join(dir, 'config.yaml');
      writeFileSync(file, text);
      assert.ok(loadConfig(file).jwt.length > 0);
    }
  });

  it('show parts of a configuration that are good', () => {
    const parts = blocks('yaml').filter(({ text }) => parse(text).kind === undefined);
    assert.ok(parts.length > 0);
    for (const { text } of parts) loadConfig(writeConfig({ ...minimal, ...parse(text) }));
  });

  it('show in one example what the defaults are', (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'documents-'));
    t.after(() => rmSync(dir, { recursive: true }));
    const text = blocks('yaml').find(
      ({ file, text: shown }) => file === 'README.md' && shown.includes('kind: Configuration'),
    )?.text;
    const { apiVersion, kind, jwt } = parse(text ?? '');
    writeFileSync(join(dir, 'shown.yaml'), text ?? '');
    writeFileSync(join(dir, 'bare.yaml'), JSON.stringify({ apiVersion, kind, jwt }));
    const load = (name: string): object => ({ ...loadConfig(join(dir, name)), files: [] });
    assert.deepEqual(load('shown.yaml'), load('bare.yaml'));
  });
});
