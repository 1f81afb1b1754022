/** Kubernetes' own code reads our Events, strictly, and would have written each of them as we did. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { CheckRecord } from '../../src/decision/decision.ts';
import {
  acting,
  allow,
  allowed,
  denied,
  impersonating,
  lineOf,
  recordWith,
} from '../support/audit-records.ts';
import { askGoOracle, provideGoOracle } from '../support/go-oracle.ts';
import { kubeRequest } from '../support/kube-request.ts';

interface Answer {
  readonly error: string;
  readonly line: string;
}

const who = {
  username: 'größe <a&b>',
  uid: '8f1c',
  groups: ['dev', 'dev', 'system:authenticated'],
  extra: { 'z.example.com/a': ['1', '2'], 'a.example.com/b': [], '10': ['x'], '9': ['y'] },
};

const refused = {
  kind: 'deny',
  auditID: 'audit-3',
  reason: 'impersonation_denied',
  message: 'users "bob" is forbidden',
  details: { name: 'bob', kind: 'users' },
} as const;

const records: readonly CheckRecord[] = [
  allowed,
  denied,
  impersonating,
  { ...allowed, inbound: who, decision: { ...allow, outbound: who } },
  { ...allowed, inbound: who, actAs: 'serviceAccount' },
  { ...denied, inbound: who, issuer: 'people', decision: refused },
  ...['/healthz', '', '/apis/apps/v1/namespaces/a/deployments/d/scale', '/api/v1/namespaces/a'].map(
    (path): CheckRecord => ({ ...allowed, request: kubeRequest({}, path) }),
  ),
  ...['', '2001:db8::1', '/run/envoy.sock'].map((peer): CheckRecord => {
    const source = { peer, forwardedFor: 'x, 203.0.113.9' };
    return { ...allowed, request: { ...kubeRequest(), source } };
  }),
  ...acting.map(([, character]) => recordWith(`a${character}b`)),
];

describe('an Event of ours', () => {
  let program: string;
  before(async () => {
    program = await provideGoOracle('audit-event', (line) => process.stdout.write(`  ${line}\n`));
  });

  it('is the one that Kubernetes would have written, to the order of its fields', async () => {
    const lines = records.map((record) => lineOf('audit.k8s.io', record));
    const answers = await ask(lines);
    lines.forEach((line, index) => {
      assert.equal(answers[index]?.error, '', line);
      assert.equal(normal(answers[index]?.line ?? ''), normal(line));
    });
  });

  it('would be refused for a field that there is not, or of another type', async () => {
    const line = lineOf('audit.k8s.io', allowed);
    const spoilt = [
      line.replace('"verb"', '"Verb"'),
      line.replace('"verb"', '"method"'),
      line.replace(/"sourceIPs":\[[^\]]*\]/, '"sourceIPs":"192.0.2.7"'),
      line.replace('audit.k8s.io/v1', 'audit.k8s.io/v2'),
    ];
    for (const { error } of await ask(spoilt)) assert.notEqual(error, '');
  });

  function ask(lines: readonly string[]): Promise<readonly Answer[]> {
    return askGoOracle<Answer>(
      program,
      lines.map((line) => ({ line })),
    );
  }
});

/** Go and JavaScript escape different characters, and Go has half a surrogate pair for U+FFFD. */
function normal(line: string): string {
  return JSON.stringify(JSON.parse(line)).replaceAll('\\ud800', '\ufffd');
}
