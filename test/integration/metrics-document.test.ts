/** docs/metrics.md lists every metric that the real server gives out, and no other. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readDocument, tableRows } from '../support/documents.ts';
import { metricsIn, readDashboard, readRules } from '../support/prometheus-queries.ts';
import { fetchText, startRunningApp, type RunningApp } from '../support/running-app.ts';

const document = 'docs/metrics.md';
const suffix = /_(bucket|sum|count)$/;

interface Family {
  readonly type: string;
  readonly help: string;
}

describe('the document of the metrics', () => {
  let running: RunningApp;
  let families: ReadonlyMap<string, Family>;
  const rows = tableRows(document);
  const listed = rows.filter(([name = '']) => /^(kube_ext_authz|nodejs|process)_/.test(name));

  before(async () => {
    running = await startRunningApp({ issuers: [], config: { tokenReview: {} } });
    const { text } = await fetchText(`${running.app.adminURL}/metrics`);
    families = familiesOf(text);
  });
  after(() => running.stop());

  it('lists each with its type and its own words, and none that is not there', () => {
    const told = listed.map((row) => [row[0], row[1], row.at(-1)]);
    const given = [...families].map(([name, { type, help }]) => [name, type, help]);
    const byName = (
      [one = '']: readonly (string | undefined)[],
      [other = '']: (typeof told)[number],
    ) => (one < other ? -1 : 1);
    assert.deepEqual(told.toSorted(byName), given.toSorted(byName));
  });

  it('lists the labels of each of ours', async () => {
    await running.client.check({});
    const { text } = await fetchText(`${running.app.adminURL}/metrics`);
    for (const [name = '', , labels = ''] of listed.filter(([one = '']) =>
      one.startsWith('kube'),
    )) {
      const line = text.split('\n').find((one) => one.startsWith(`${name}{`));
      if (line === undefined) continue; // without labels, or nothing to tell yet
      const found = [...line.matchAll(/(\w+)="/g)].map(([, label]) => label);
      assert.deepEqual(labels.split(', '), found, name);
    }
  });

  it('names a unit or a meaning in the help of each of ours', () => {
    for (const [name, { help }] of families) {
      if (!name.startsWith('kube_ext_authz_')) continue;
      assert.match(help, /^[A-Z0-9].{20,}\.$/, name);
      if (name.endsWith('_seconds')) assert.match(help, /[Ss]econds/, name);
      if (name.endsWith('_bytes')) assert.match(help, /Bytes/, name);
    }
  });

  it('lists every alert with its severity', () => {
    const alerts = readRules().filter(({ alert }) => alert !== undefined);
    assert.deepEqual(
      rows
        .filter(([name = '']) => name.startsWith('KubeExtAuthz'))
        .map(([name, how]) => [name, how]),
      alerts.map(({ alert, labels }) => [alert, labels?.['severity']]),
    );
    assert.match(readDocument(document), /what to do/);
  });

  it('is all that the rules and the dashboard ask about', () => {
    const recorded = new Set(readRules().map(({ record }) => record));
    const exprs = [
      ...readRules().map(({ expr }) => expr),
      ...readDashboard().panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ];
    for (const expr of exprs) {
      for (const name of metricsIn(expr)) {
        const isThere =
          recorded.has(name) || families.has(name) || families.has(name.replace(suffix, ''));
        assert.ok(isThere, `${name} in ${expr}`);
      }
    }
    const asked = new Set(exprs.flatMap((expr) => [...metricsIn(expr)]));
    for (const name of [...families.keys()].filter((one) => one.startsWith('kube_ext_authz_'))) {
      const isAsked = asked.has(name) || asked.has(`${name}_bucket`);
      assert.ok(isAsked, `no panel and no rule shows ${name}`);
    }
  });
});

function familiesOf(text: string): ReadonlyMap<string, Family> {
  const types = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
  );
  return new Map(
    [...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name = '', help = '']) => [
      name,
      { help, type: types.get(name) ?? '' },
    ]),
  );
}
