/** The format `kube-oidc-proxy`: what its readers split at is only where that program puts it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckRecord } from '../../../src/decision/decision.ts';
import {
  acting,
  allow,
  allowed,
  denied,
  impersonating,
  lineOf,
} from '../../support/audit-records.ts';
import { identity } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';

const startedAt = new Date('2021-11-25T01:05:17.999Z');

const sample: CheckRecord = {
  ...allowed,
  request: from('10.42.0.5', '10.42.1.3', '/api/v1/namespaces/openunison/pods?limit=500'),
  inbound: {
    ...identity,
    username: 'mlbadmin1',
    groups: ['system:masters', 'system:authenticated'],
  },
  startedAt,
};

/** By itself each of them could end a field, a part of one, or a line, or begin another. */
const hostile: readonly string[] = [
  'a / b',
  ' / ',
  '/',
  'a /',
  '/ a',
  'a/\tb',
  'a] outbound:[system:masters / system:masters /  / ',
  'a|b',
  'a=b',
  'k=v k2=v2',
  'a\n[2021-11-25T01:05:17+0000] AuSuccess src:[1.1.1.1 / ] URI:/ inbound:[root /  / ]',
  'a\u2028b',
  'a\u00a0/\u00a0b',
  '\\u005d',
  'DOMAIN\\user',
  '[',
  ']',
  '\u001b[31mred',
  '\u202etxet',
  ...acting.map(([, character]) => character).filter((character) => character.isWellFormed()),
];

describe('a line of kube-oidc-proxy', () => {
  it('of an allowed check is what that program writes', () => {
    assert.equal(
      lineOf('kube-oidc-proxy', sample),
      '[2021-11-25T01:05:17+0000] AuSuccess src:[10.42.0.5 / 10.42.1.3] URI:/api/v1/namespaces/openunison/pods?limit=500 inbound:[mlbadmin1 / system:masters|system:authenticated / ]\n',
    );
  });

  it('of a denied check has nobody, whoever was proven', () => {
    const request = from('10.42.0.5', '10.42.1.3', '/api/v1/nodes');
    const line =
      '[2021-11-25T01:05:17+0000] AuFail src:[10.42.0.5 / 10.42.1.3] URI:/api/v1/nodes\n';
    for (const who of [{}, { issuer: 'people', inbound: identity }]) {
      assert.equal(lineOf('kube-oidc-proxy', { ...denied, ...who, request, startedAt }), line);
    }
  });

  it('of `kubectl --as` tells who it became, with groups, uid and extras in that order', () => {
    const request = { ...sample.request, headers: impersonating.request.headers };
    assert.match(
      lineOf('kube-oidc-proxy', { ...impersonating, request, startedAt }),
      / inbound:\[alice \/ dev \/ \] outbound:\[bob \/ ops\|system:authenticated \/ 7 \/ originaluser\.jetstack\.io-user=alice \]\n$/,
    );
  });

  it('has no outbound of a request that goes upstream as a service account: nobody was impersonated', () => {
    const account = { ...identity, username: 'system:serviceaccount:team:robot' };
    const decision = { ...allow, actAs: 'serviceAccount', outbound: account } as const;
    const line = lineOf('kube-oidc-proxy', { ...allowed, decision, actAs: 'serviceAccount' });
    assert.doesNotMatch(line, /outbound/);
  });

  it('has a space behind each extra, and a bar between its values', () => {
    const extra = { 'example.com/team': ['blue', 'red'], empty: [], id: ['JTI=1'] };
    assert.match(
      lineOf('kube-oidc-proxy', { ...allowed, inbound: { ...identity, extra } }),
      /inbound:\[alice \/ dev \/ example\.com\/team=blue\|red empty= id=JTI=1 \]\n$/,
    );
  });

  const sources: readonly (readonly [peer: string, header: string, shown: string])[] = [
    ['1.2.3.4', '', '1.2.3.4 / '],
    ['1.2.3.4', '1.2.3.4', '1.2.3.4 / '],
    ['1.2.3.4', '1.2.3.1', '1.2.3.4 / 1.2.3.1'],
    ['1.2.3.4', '1.2.3.1, 1.2.3.4', '1.2.3.4 / 1.2.3.1'],
    ['1.2.3.4', '1.2.3.4, 1.2.3.1', '1.2.3.4 / 1.2.3.1'],
    ['1.2.3.4', '9.9.9.9,1.2.3.1 , 1.2.3.4', '1.2.3.4 / 9.9.9.9, 1.2.3.1'],
    ['2001:db8::1', '2001:db8::2, 2001:db8::1', '2001:db8::1 / 2001:db8::2'],
    ['', '', ' / '],
  ];
  for (const [peer, header, shown] of sources) {
    it(`shows the peer "${peer}" and X-Forwarded-For "${header}" as [${shown}]`, () => {
      for (const record of [allowed, denied]) {
        const line = lineOf('kube-oidc-proxy', { ...record, request: from(peer, header, '/') });
        assert.ok(line.includes(` src:[${shown}] URI:/`), line);
      }
    });
  }

  for (const text of hostile) {
    it(`can be read back when every name is ${JSON.stringify(text)}`, () => {
      const who = {
        username: text,
        uid: text,
        groups: [text, 'g', text],
        extra: { [text]: [text, 'v'] },
      };
      const headers = impersonating.request.headers;
      const request = { ...from(text, `x${text}x`, `/${text}`), headers };
      const record = { ...allowed, request, inbound: who, decision: { ...allow, outbound: who } };
      const read = readLine(lineOf('kube-oidc-proxy', record));
      assert.equal(read.result, 'AuSuccess');
      assert.deepEqual(read.src, [text, `x${text}x`]);
      assert.equal(read.uri, `/${text}`);
      const { username, groups, uid, extra } = who;
      assert.deepEqual(read.inbound, { username, groups, extra });
      assert.deepEqual(read.outbound, { username, groups, uid, extra });
    });
  }
});

function from(peer: string, forwardedFor: string, path: string): CheckRecord['request'] {
  return { ...kubeRequest({}, path), source: { peer, forwardedFor } };
}

const form =
  /^\[[-\dT:]{19}\+0000\] (?<result>AuSuccess|AuFail) src:\[(?<src>[^[\]\n]*)\] URI:(?<uri>\S*)(?: inbound:\[(?<inbound>[^[\]\n]*)\])?(?: outbound:\[(?<outbound>[^[\]\n]*)\])?\n$/;

/** As a SIEM would read it: a pattern, then cuts at the separators. */
function readLine(line: string) {
  const { result, src = '', uri = '', inbound = '', outbound = '' } = form.exec(line)?.groups ?? {};
  const [user = '', groups = '', extra = '', ...none] = inbound.split(' / ');
  const [target = '', itsGroups = '', uid = '', itsExtra = '', ...noMore] = outbound.split(' / ');
  assert.deepEqual([...none, ...noMore], [], line);
  return {
    result,
    src: src.split(' / ').map(unescape),
    uri: unescape(uri),
    inbound: { username: unescape(user), groups: readList(groups), extra: readExtra(extra) },
    outbound: {
      username: unescape(target),
      groups: readList(itsGroups),
      uid: unescape(uid),
      extra: readExtra(itsExtra),
    },
  };
}

function readList(text: string): readonly string[] {
  return text.split('|').map(unescape);
}

function readExtra(text: string): Readonly<Record<string, readonly string[]>> {
  const pairs = text.trimEnd().split(' ');
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [unescape(pair.slice(0, at)), readList(pair.slice(at + 1))];
    }),
  );
}

function unescape(text: string): string {
  return text.replaceAll(/\\u([\da-f]{4})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}
