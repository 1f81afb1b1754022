import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findingsOf, type Severity } from '../../../src/doctor/finding.ts';
import { configField, type FileFact, type Installation } from '../../../src/doctor/installation.ts';
import { ourRules } from '../../../src/doctor/rules/our-side.ts';
import { withoutLines } from '../../../src/doctor/source.ts';
import { configWith, goodInstallation, now } from '../../support/good-installation.ts';
import { assertAllShown, assertOnly } from '../../support/doctor-findings.ts';

const day = 86_400_000;
const good = goodInstallation();
const key = configField('jwt', 0, 'issuer', 'keys', 0);
const door = configField('grpc', 'tls', 'certFile');

type Row = readonly [
  rule: string,
  says: string,
  changes: Partial<Installation>,
  severity: Severity,
  found: RegExp,
];

function ownToken(changes: Partial<Installation['ownToken']>): Partial<Installation> {
  return { ownToken: { ...good.ownToken, ...changes } };
}

function apiServer(changes: Partial<Installation['apiServer']>): Partial<Installation> {
  return { apiServer: { ...good.apiServer, ...changes } };
}

function certificate(
  of: 'issuer' | 'server',
  validTo: number,
  fault?: string,
): Partial<Installation> {
  return { certificates: [{ field: of === 'issuer' ? key : door, of, validTo, fault }] };
}

function file(changes: Partial<FileFact>): Partial<Installation> {
  const one = { field: key, file: '/f', mode: 0o600, changedAt: now, holds: 'other' as const };
  return { files: [{ ...one, ...changes }] };
}

const missing = { permission: 'impersonate users', isUpstream: true, fault: undefined };
const identity = { field: configField('--token-file'), lines: 30, bytes: 5_000, fault: undefined };

const rows: readonly Row[] = [
  [
    'K1',
    'there is no way to it',
    apiServer({ fault: 'connect ECONNREFUSED' }),
    'error',
    /ECONNREFUSED/,
  ],
  [
    'K2',
    'a right is missing',
    apiServer({ refused: [missing] }),
    'error',
    /may not impersonate users/,
  ],
  [
    'K2',
    'nobody knows',
    apiServer({ refused: [{ ...missing, fault: 'it answers 500' }] }),
    'error',
    /not known: it answers 500/,
  ],
  ['K3', 'there is none', ownToken({ fault: 'ENOENT' }), 'error', /ENOENT/],
  ['K3', 'it has ended', ownToken({ expiry: now / 1000 - 7200 }), 'error', /ended 2 hours ago/],
  ['K3', 'it never ends', ownToken({ expiry: undefined }), 'warning', /does not say/],
  [
    'K3',
    'it was not renewed',
    ownToken({ issuedAt: now / 1000 - 3500, expiry: now / 1000 + 100 }),
    'warning',
    /ends in 1 minute, and/,
  ],
  [
    'K4',
    'an issuer is down',
    { issuers: [{ field: key, name: 'company', fault: 'GET x: no' }] },
    'error',
    /company: GET x: no/,
  ],
  ['K5', 'ours is behind', apiServer({ skewMs: 30_000 }), 'warning', /30 seconds behind/],
  ['K5', 'ours is far ahead', apiServer({ skewMs: -3_600_000 }), 'error', /1 hour ahead/],
  ['K6', 'one ends soon', certificate('issuer', now + 3 * day), 'warning', /ends in 3 days/],
  ['K6', 'one has ended', certificate('issuer', now - day), 'error', /ended 1 day ago/],
  [
    'K6',
    'one has another key',
    certificate('server', now + 90 * day, 'not its own'),
    'error',
    /not its own/,
  ],
  ['K7', 'one is old', file({ holds: 'key', changedAt: now - 400 * day }), 'info', /400 days ago/],
  [
    'K8',
    'it is open, in plain text',
    { config: configWith({ grpc: { address: '0.0.0.0:9001' } }) },
    'error',
    /in plain text/,
  ],
  [
    'K9',
    'others read a secret',
    file({ holds: 'secret', mode: 0o644 }),
    'warning',
    /mode 644: others can read/,
  ],
  ['K9', 'others write a key', file({ holds: 'key', mode: 0o666 }), 'error', /others can write/],
  ['K10', 'it has a size', { identity }, 'info', /30 header lines, 5 KiB/],
  [
    'K10',
    'it is nobody’s',
    { identity: { ...identity, fault: 'no entry' } },
    'warning',
    /no entry/,
  ],
  [
    'K11',
    'a setting has no effect',
    { config: { ...good.config, warnings: ['anonymous: …'] } },
    'info',
    /anonymous/,
  ],
];

describe('the rules about our own side', () => {
  it('find nothing when nothing is wrong', () => {
    assert.deepEqual(examine({}), []);
    const fine = [
      certificate('issuer', now + 90 * day),
      file({ mode: 0o644 }),
      file({ holds: 'secret', mode: 0o640 }),
    ];
    for (const one of fine) assert.deepEqual(examine(one), []);
    for (const address of ['unix:/run/x.sock', '[::1]:9001', 'localhost:9001']) {
      assert.deepEqual(examine({ config: configWith({ grpc: { address } }) }), []);
    }
  });

  for (const [rule, says, changes, severity, found] of rows) {
    it(`${rule}: ${says}`, () => {
      assertOnly(examine(changes), rule, severity, found);
    });
  }

  it('are each shown to fail', () => {
    assertAllShown(
      ourRules,
      rows.map(([rule]) => rule),
    );
  });
});

function examine(changes: Partial<Installation>) {
  return findingsOf(ourRules, { ...good, ...changes }, withoutLines('config.yaml', {}));
}
