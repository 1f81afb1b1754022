import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderBootstrap, type BootstrapValues } from '../../../lab/bootstrap.ts';
import { readEnvoyConfig } from '../../../src/doctor/envoy-config.ts';
import { findingsOf, type Severity } from '../../../src/doctor/finding.ts';
import { configField } from '../../../src/doctor/installation.ts';
import { pairRules } from '../../../src/doctor/rules/both-sides.ts';
import { readSource } from '../../../src/doctor/source.ts';
import { applyChanges, connectionManager, extAuthz, type Change } from '../../support/envoy-rig.ts';
import { configWith } from '../../support/good-installation.ts';
import { assertAllShown, assertOnly } from '../../support/doctor-findings.ts';

const values: BootstrapValues = {
  certFile: 'tls.crt',
  keyFile: 'tls.key',
  accessLog: 'access.log',
  apiServer: { address: '127.0.0.1', port: 6443, caFile: 'ca.crt' },
  authz: { endpoints: [{ address: '127.0.0.1', port: 9001 }] },
};
const tls = { caFile: 'ca.crt', serverName: '10.0.0.1' };
const overTls = { authz: { endpoints: [{ address: '127.0.0.1', port: 9001 }], tls } };
const remote = { authz: { endpoints: [{ address: '10.0.0.1', port: 9001 }] } };

interface Sides {
  readonly ours?: object;
  readonly theirs?: Partial<BootstrapValues>;
  readonly changes?: readonly Change[];
  readonly identity?: { readonly lines: number; readonly bytes: number };
}

type Row = readonly [rule: string, says: string, sides: Sides, found: RegExp, severity?: Severity];

const clientIP = { extra: { clientIP: true } };
const hops: Change = [connectionManager('xff_num_trusted_hops'), 1];

const rows: readonly Row[] = [
  [
    'X1',
    'another port is asked',
    { ours: { grpc: { address: '127.0.0.1:9002' } } },
    /127\.0\.0\.1:9001 is not 127\.0\.0\.1:9002/,
    'error',
  ],
  [
    'X1',
    'another socket is asked',
    { theirs: { authz: { endpoints: [{ pipe: '/a' }] } }, ours: { grpc: { address: 'unix:/b' } } },
    /\/a is not unix:\/b/,
    'error',
  ],
  [
    'X1',
    'another machine is asked',
    { theirs: remote, ours: { grpc: { address: '10.0.0.2:9001' } } },
    /10\.0\.0\.1:9001 is not/,
  ],
  ['X2', 'Envoy speaks TLS alone', { theirs: overTls }, /Envoy speaks TLS/, 'error'],
  [
    'X3',
    'reviews may take longer',
    {
      ours: { impersonation: { reviewTimeout: '5s' } },
      changes: [[extAuthz('grpc_service', 'timeout'), '2s']],
    },
    /2000 ms is less than our 5000 ms/,
  ],
  [
    'X4',
    'headers are joined',
    { changes: [[extAuthz('encode_raw_headers'), false]] },
    /arrive joined/,
  ],
  ['X5', 'a proxy is in front', { ours: clientIP, changes: [hops] }, /1 proxies are in front/],
  [
    'X6',
    'static extras are many',
    { ours: { extra: { static: { a: Array.from({ length: 950 }, String) } } } },
    /1000 lines are less than/,
  ],
  [
    'X6',
    'a user has many groups',
    { identity: { lines: 1200, bytes: 10 } },
    /needs 1200 lines/,
    'error',
  ],
  [
    'X6',
    'a user is large',
    { identity: { lines: 12, bytes: 300_000 } },
    /needs 293 KiB, and 256/,
    'error',
  ],
  [
    'X7',
    'we stop too early',
    { ours: { grpc: { drainPeriod: '1s' } } },
    /2000 ms to notice, and we wait 1000 ms/,
  ],
];

const harmless: readonly (readonly [string, Sides])[] = [
  ['nothing is changed', {}],
  [
    'both are behind a socket',
    {
      theirs: { authz: { endpoints: [{ pipe: '/a' }] } },
      ours: { grpc: { address: 'unix:///a' } },
    },
  ],
  ['we listen everywhere', { theirs: remote, ours: { grpc: { address: '0.0.0.0:9001' } } }],
  [
    'a Service is between',
    {
      theirs: { authz: { endpoints: [{ address: 'authz.ns.svc', port: 9001 }] } },
      ours: { grpc: { address: '0.0.0.0:9001' } },
    },
  ],
  [
    'addresses are kept by PROXY protocol',
    {
      ours: clientIP,
      changes: [
        hops,
        [
          ['static_resources', 'listeners', 0, 'listener_filters'],
          [{ name: 'envoy.filters.listener.proxy_protocol' }],
        ],
      ],
    },
  ],
  ['a user fits', { identity: { lines: 900, bytes: 200_000 } }],
];

describe('the rules about both sides', () => {
  for (const [says, sides] of harmless) {
    it(`find nothing when ${says}`, () => {
      assert.deepEqual(examine(sides), []);
    });
  }

  for (const [rule, says, sides, found, severity = 'warning'] of rows) {
    it(`${rule}: ${says}`, () => {
      assertOnly(examine(sides), rule, severity, found);
    });
  }

  it('are each shown to fail', () => {
    assertAllShown(
      pairRules,
      rows.map(([rule]) => rule),
    );
  });
});

function examine({ ours, theirs, changes = [], identity }: Sides) {
  const source = readSource(
    'envoy',
    applyChanges(renderBootstrap({ ...values, ...theirs }), changes),
  );
  const field = configField('--token-file');
  const subject = {
    config: configWith(ours),
    envoy: readEnvoyConfig(source.root),
    identity: identity && { field, fault: undefined, ...identity },
  };
  return findingsOf(pairRules, subject, source);
}
