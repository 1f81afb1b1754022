import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stringify } from 'yaml';
import { findingsOf, type Severity } from '../../../src/doctor/finding.ts';
import { readManifests } from '../../../src/doctor/manifests.ts';
import { envoyGatewayRules } from '../../../src/doctor/rules/envoy-gateway.ts';
import { istioRules } from '../../../src/doctor/rules/istio.ts';
import { withField } from '../../support/config-files.ts';
import { envoyGatewayObjects, istioObjects } from '../../support/good-manifests.ts';

const rules = [...istioRules, ...envoyGatewayRules];

/** An object of the good ones by its index, and the path in it. */
type Change = readonly [path: readonly (string | number)[], value: unknown];
type Row = readonly [rule: string, says: string, change: Change, severity?: Severity];

const mesh = (...path: readonly (string | number)[]) => [0, 'meshConfig', ...path];
const provider = (name: string) => mesh('extensionProviders', 0, 'envoyExtAuthzGrpc', name);
const policy = (...path: readonly (string | number)[]) => [1, ...path];
const patch = [2, 'spec', 'configPatches'];

const istio: readonly Row[] = [
  ['I1', 'it fails open', [provider('failOpen'), true]],
  ['I2', 'it waits ten minutes', [provider('timeout'), undefined], 'warning'],
  ['I3', 'an outage is 403', [provider('statusOnError'), undefined], 'warning'],
  ['I4', 'no rule matches', [policy('spec', 'rules'), []]],
  ['I4', 'there are no rules', [policy('spec', 'rules'), undefined]],
  [
    'I4',
    'some paths are left out',
    [policy('spec', 'rules'), [{ to: [{ operation: { notPaths: ['/healthz'] } }] }]],
  ],
  [
    'I5',
    'no gateway has its labels',
    [policy('spec', 'selector', 'matchLabels', 'istio'), 'other'],
  ],
  ['I5', 'the gateway is in another namespace', [policy('metadata', 'namespace'), 'elsewhere']],
  [
    'I6',
    'another policy asks another',
    [
      [6],
      {
        apiVersion: 'security.istio.io/v1',
        kind: 'AuthorizationPolicy',
        metadata: { name: 'two', namespace: 'istio-ingress' },
        spec: { action: 'CUSTOM', provider: { name: 'two' }, rules: [{}] },
      },
    ],
  ],
  ['I7', 'the provider is not there', [policy('spec', 'provider', 'name'), 'other']],
  ['I7', 'the provider has no valid name', [mesh('extensionProviders', 0, 'name'), 'Kube_Authz']],
  [
    'I8',
    'slashes are decoded',
    [mesh('pathNormalization', 'normalization'), 'DECODE_AND_MERGE_SLASHES'],
  ],
  ['I8', 'slashes are kept', [mesh('pathNormalization'), undefined], 'warning'],
  ['I9', 'there is no finisher', [[...patch, 2], undefined]],
  [
    'I9',
    'headers are joined',
    [[...patch, 1, 'patch', 'value', 'typed_config', 'encode_raw_headers'], undefined],
    'warning',
  ],
  ['I10', 'it is a dry run', [policy('metadata', 'annotations'), { 'istio.io/dry-run': 'true' }]],
  ['I11', 'checks go in plain text', [[3, 'spec', 'mtls', 'mode'], 'PERMISSIVE'], 'warning'],
];

const extAuth = (name: string) => [0, 'spec', 'extAuth', name];

const envoyGateway: readonly Row[] = [
  ['E1', 'it fails open', [extAuth('failOpen'), true]],
  ['E2', 'it asks over HTTP', [[0, 'spec', 'extAuth', 'http'], { path: '/' }]],
  ['E2', 'it targets nothing', [[0, 'spec', 'targetRefs'], []]],
  [
    'E2',
    'it was not accepted',
    [[0, 'status'], { ancestors: [{ conditions: [{ type: 'Accepted', status: 'False' }] }] }],
  ],
  [
    'E2',
    'a route has a policy without it',
    [
      [7],
      {
        kind: 'SecurityPolicy',
        metadata: { name: 'cors' },
        spec: { targetRefs: [{ kind: 'HTTPRoute', name: 'api' }], cors: {} },
      },
    ],
  ],
  ['E3', 'some headers are not sent', [extAuth('headersToExtAuth'), ['authorization']]],
  ['E4', 'it waits ten seconds', [extAuth('timeout'), undefined], 'warning'],
  ['E4', 'an outage is 403', [extAuth('statusOnError'), undefined], 'warning'],
  ['E5', 'routes are chosen again', [extAuth('recomputeRoute'), true], 'warning'],
  ['E6', 'bodies are sent', [extAuth('bodyToExtAuth'), { maxRequestBytes: 1 }], 'warning'],
  [
    'E7',
    'SPDY is not let through',
    [[1, 'spec', 'httpUpgrade'], [{ type: 'websocket' }]],
    'warning',
  ],
  ['E7', 'requests are buffered', [[1, 'spec', 'requestBuffer'], { limit: '1Mi' }], 'warning'],
  ['E8', 'upgrades go over HTTP/2', [[1, 'spec', 'useClientProtocol'], undefined], 'warning'],
  [
    'E9',
    'a route has the default timeout',
    [[3, 'spec', 'rules', 0, 'timeouts'], undefined],
    'warning',
  ],
  ['E9', 'idle streams end', [[2, 'spec', 'timeout'], undefined], 'warning'],
  ['E10', 'slashes are redirected', [[2, 'spec', 'path'], undefined], 'warning'],
  [
    'E10',
    'underscores are let through',
    [[2, 'spec', 'headers'], { withUnderscoresAction: 'Allow' }],
    'warning',
  ],
  ['E11', 'there is no finisher', [[4, 'spec', 'lua'], undefined]],
  ['E11', 'Lua is off', [[5, 'extensionApis', 'enableLua'], false]],
  ['E11', 'few headers are let through', [[6, 'spec', 'jsonPatches'], []], 'warning'],
];

/** Where one change breaks other rules as well. */
const breakMore = new Set(['I6', 'I7']);

const groups = [
  ['Istio', istioObjects, istio],
  ['Envoy Gateway', envoyGatewayObjects, envoyGateway],
] as const;

for (const [name, good, rows] of groups) {
  describe(`the rules about ${name}`, () => {
    it('find nothing when nothing is wrong', () => {
      assert.deepEqual(examine(good), []);
    });

    for (const [rule, says, [path, value], severity = 'error'] of rows) {
      it(`${rule}: ${says}`, () => {
        const found = examine(Object.values(withField(good, path, value)));
        assert.ok(
          found.some((one) => one.id === rule && one.severity === severity),
          JSON.stringify(found),
        );
        const others = found.filter(({ id }) => id !== rule);
        if (!breakMore.has(rule)) assert.deepEqual(others, []);
      });
    }
  });
}

it('every rule about manifests is shown to fail', () => {
  const shown = new Set([...istio, ...envoyGateway].map(([rule]) => rule));
  assert.deepEqual(
    rules.map(({ id }) => id).filter((id) => !shown.has(id)),
    [],
  );
});

describe('manifests', () => {
  it('may be a list, as kubectl prints them; findings tell object, field and line', () => {
    const objects = withField(istioObjects, provider('failOpen'), true);
    const list = stringify({ apiVersion: 'v1', kind: 'List', items: Object.values(objects) });
    const manifests = readManifests('all.yaml', list);
    const [finding] = findingsOf(rules, manifests, manifests);
    assert.equal(finding?.field, 'meshConfig.extensionProviders[0].envoyExtAuthzGrpc.failOpen');
    assert.equal(
      finding?.line,
      list.split('\n').findIndex((line) => line.includes('failOpen')) + 1,
    );
  });

  it("are read in istiod's ConfigMap, too", () => {
    const config = stringify({
      extensionProviders: [{ name: 'a', envoyExtAuthzGrpc: { failOpen: true, timeout: '5s' } }],
    });
    const map = {
      kind: 'ConfigMap',
      metadata: { name: 'istio', namespace: 'istio-system' },
      data: { mesh: config },
    };
    const manifests = readManifests('istio.yaml', stringify(map));
    const [finding] = findingsOf(rules, manifests, manifests);
    assert.deepEqual(
      [finding?.id, finding?.field],
      [
        'I1',
        'ConfigMap istio-system/istio data.mesh.extensionProviders[0].envoyExtAuthzGrpc.failOpen',
      ],
    );
  });

  it('must be of Istio or Envoy Gateway', () => {
    assert.throws(() => readManifests('x.yaml', 'kind: Pod'), /nothing of Istio or Envoy Gateway/);
    assert.throws(() => readManifests('x.yaml', ''), /empty|nothing/);
    assert.throws(() => readManifests('x.yaml', 'a: [1'), /x\.yaml: /);
  });
});

function examine(objects: readonly unknown[]) {
  const manifests = readManifests('all.yaml', objects.map((one) => stringify(one)).join('---\n'));
  return findingsOf(rules, manifests, manifests);
}
