import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { renderBootstrap, type BootstrapValues } from '../../../lab/bootstrap.ts';
import { readEnvoyConfig } from '../../../src/doctor/envoy-config.ts';
import { envoyRules } from '../../../src/doctor/envoy-rules.ts';
import { findingsOf, type Finding } from '../../../src/doctor/finding.ts';
import { readSource } from '../../../src/doctor/source.ts';
import { breakages } from '../../support/envoy-breakages.ts';
import { applyChanges } from '../../support/envoy-rig.ts';

const values: BootstrapValues = {
  certFile: 'tls.crt',
  keyFile: 'tls.key',
  accessLog: 'access.log',
  apiServer: { address: '127.0.0.1', port: 6443, caFile: 'ca.crt' },
  authz: { endpoints: [{ address: '127.0.0.1', port: 9001 }] },
};
const good = renderBootstrap(values);

const tls = { caFile: 'ca.crt', serverName: 'authz', certFile: 'tls.crt', keyFile: 'tls.key' };
const remote = [{ address: 'authz.example', port: 9001 }];

const goodOnes: readonly (readonly [string, Partial<BootstrapValues>])[] = [
  ['one process on loopback', {}],
  ['processes behind Unix sockets', { authz: { endpoints: [{ pipe: '/a' }, { pipe: '/b' }] } }],
  ['processes elsewhere, by TLS', { authz: { endpoints: remote, tls } }],
];

/** Where one change breaks other rules as well: a filter that is gone, a route that can't be seen. */
const breakMore = new Set(['F0', 'F7', 'F20', 'F28', 'F43']);

describe('the rules about Envoy', () => {
  for (const [name, variant] of goodOnes) {
    it(`find nothing in our own bootstrap with ${name}`, () => {
      assert.deepEqual(examine(renderBootstrap({ ...values, ...variant })), []);
    });
  }

  it('find nothing in it as JSON, spelt in camelCase', () => {
    const json = JSON.stringify(camelCased(parse(good)));
    assert.ok(json.includes('httpFilters'));
    assert.deepEqual(examine(json), []);
  });

  for (const { rule, says, changes, field, severity } of breakages) {
    it(`${rule}: ${says}`, () => {
      const yaml = applyChanges(good, changes);
      const found = examine(yaml);
      const own = found.filter(({ id }) => id === rule);
      assert.ok(
        own.some((one) => one.field.endsWith(field) && one.severity === severity),
        JSON.stringify(own, undefined, 2),
      );
      const others = found.filter(({ id }) => id !== rule);
      if (!breakMore.has(rule)) assert.deepEqual(others, []);
      const inCamelCase = examine(JSON.stringify(camelCased(parse(yaml))));
      assert.deepEqual(inCamelCase.map(withoutPlace), found.map(withoutPlace));
    });
  }

  it('are each shown to fail', () => {
    const shown = new Set(breakages.map(({ rule }) => rule));
    assert.deepEqual(
      envoyRules.map(({ id }) => id).filter((id) => !shown.has(id)),
      [],
    );
  });

  it('tell the line of the field in a YAML file', () => {
    const changed = good.replace('failure_mode_allow: false', 'failure_mode_allow: true');
    const lines = changed.split('\n');
    const [finding] = examine(changed);
    assert.equal(finding?.line, lines.findIndex((line) => line.includes('failure_mode_allow')) + 1);
    assert.equal(
      finding?.field,
      'static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[0].typed_config.failure_mode_allow',
    );
  });
});

function examine(text: string): readonly Finding[] {
  const source = readSource('envoy', text);
  return findingsOf(envoyRules, readEnvoyConfig(source.root), source);
}

function withoutPlace({ id, severity, found }: Finding): readonly string[] {
  return [id, severity, found];
}

/** Every field the other way, but keys of maps that are the user's own or have dots. */
function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      /^[a-z0-9_]+$/.test(key)
        ? key.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
        : key,
      camelCased(one),
    ]),
  );
}
