/** The alerts by Prometheus' own promtool: its checks, and for each alert when it fires and when not. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { provideParts } from '../../lab/parts/provide.ts';
import { denyReasons } from '../../src/denial/reasons.ts';
import { alertCases, type AlertCase } from '../support/alert-cases.ts';
import { blocks } from '../support/documents.ts';
import { readRules, rulesFile } from '../support/prometheus-queries.ts';

const alerts = readRules().filter(({ alert }) => alert !== undefined);

describe('the rules for Prometheus', () => {
  const dir = mkdtempSync(join(tmpdir(), 'prometheus-rules-'));
  let promtool: string;
  before(async () => {
    ({ promtool } = await provideParts(['promtool'], () => undefined));
  });
  after(() => rmSync(dir, { recursive: true }));

  it('are good rules for promtool', () => {
    const said = execFileSync(promtool, ['check', 'rules', rulesFile], { encoding: 'utf8' });
    assert.match(said, new RegExp(`SUCCESS: ${readRules().length} rules found`));
  });

  it('are scraped for by a configuration that promtool takes, as docs/metrics.md shows it', () => {
    const [shown] = blocks('yml').filter(({ file }) => file === 'docs/metrics.md');
    const {
      scrape_configs: [{ kubernetes_sd_configs: found, ...job }],
    } = parse(shown?.text ?? '');
    assert.deepEqual(found, [{ role: 'pod' }]);
    const file = join(dir, 'prometheus.yml');
    // Debian builds Prometheus without the discovery of Pods.
    writeFileSync(file, stringify({ scrape_configs: [job] }));
    const args = ['check', 'config', '--syntax-only', file];
    assert.match(execFileSync(promtool, args, { encoding: 'utf8' }), /SUCCESS/);
  });

  it('have a case for every alert, and for none that is not there', () => {
    assert.deepEqual(
      alertCases.map(({ alert }) => alert),
      alerts.map(({ alert }) => alert),
    );
  });

  for (const { alert, labels = {}, annotations = {} } of alerts) {
    it(`tell of ${alert} how bad it is, what it is and what to do`, () => {
      assert.match(String(labels['severity']), /^(critical|warning)$/);
      assert.match(String(annotations['summary']), /^.{20,140}\.$/);
      assert.match(String(annotations['description']), /^.{100,700}\.$/);
    });
  }

  for (const one of alertCases) {
    it(`let ${one.alert} fire when it should, and not when ${one.silent.map(([why]) => why).join('; ')}`, () => {
      const file = join(dir, `${one.alert}.yaml`);
      writeFileSync(file, stringify(testsOf(one)));
      const said = execFileSync(promtool, ['test', 'rules', file], { encoding: 'utf8' });
      assert.match(said, /SUCCESS/);
    });
  }

  it('take just those denials for faults that have a status of 5xx', () => {
    const [faults] = readRules().filter(
      ({ record }) => record === 'job:kube_ext_authz_faults:rate5m',
    );
    const [, listed = ''] = /reason=~"([^"]+)"/.exec(faults?.expr ?? '') ?? [];
    const expected = Object.entries(denyReasons).filter(([, status]) => status >= 500);
    assert.deepEqual(listed.split('|').toSorted(), expected.map(([reason]) => reason).toSorted());
  });
});

/** The file of `promtool test rules` for one alert. */
function testsOf({ alert, fires, silent }: AlertCase): object {
  const rule = alerts.find((one) => one.alert === alert);
  const severity = rule?.labels?.['severity'];
  const any = `ALERTS{alertname="${alert}"}`;
  const firing = `count by (alertname, severity) (ALERTS{alertname="${alert}",alertstate="firing"})`;
  const minutes = Number.parseInt(rule?.for ?? '0', 10);
  const atMinute = `${fires.atMinute}m`;
  const fired = { labels: `{alertname="${alert}",severity="${severity}"}`, value: 1 };
  const early = { expr: firing, eval_time: `${Math.max(0, minutes * 60 - 30)}s`, exp_samples: [] };
  const onTime = { expr: firing, eval_time: atMinute, exp_samples: [fired] };
  return {
    rule_files: [rulesFile],
    evaluation_interval: '30s',
    tests: [
      {
        interval: '30s',
        input_series: inputs(fires.series),
        promql_expr_test: [...(minutes > 0 ? [early] : []), onTime],
      },
      ...silent.map(([, series]) => ({
        interval: '30s',
        input_series: inputs(series),
        promql_expr_test: [
          ...Array.from({ length: fires.atMinute }, (_, minute) => ({
            expr: firing,
            eval_time: `${minute}m`,
            exp_samples: [],
          })),
          { expr: any, eval_time: atMinute, exp_samples: [] },
        ],
      })),
    ],
  };
}

function inputs(series: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(series).map(([name, values]) => ({ series: name, values }));
}
