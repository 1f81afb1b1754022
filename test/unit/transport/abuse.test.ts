/** Requests that made other proxies let somebody in, each by the advisory it comes from, in both forms of headers. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DenyReason } from '../../../src/denial/reasons.ts';
import type { CheckResponse } from '../../../src/transport/proto.ts';
import {
  authorizationOver,
  call,
  checkRequest,
  type HeaderLines,
} from '../../support/check-call.ts';
import { identity } from '../../support/deciders.ts';
import { finisherLines, impersonated, throughBytes } from '../../support/reply-round-trip.ts';

const bearer: HeaderLines[number] = ['authorization', 'Bearer token'];
const bytes = Buffer.from('ff', 'hex');

type Refused = readonly [what: string, lines: HeaderLines, reason: DenyReason];

const casings = ['Impersonate-User', 'impersonate-user', 'IMPERSONATE-USER', 'iMPERSONATE-uSER'];

const refused: readonly Refused[] = [
  ...[
    'Impersonate-User',
    'Upgrade, Impersonate-User',
    'impersonate-group',
    'Authorization',
    'Impersonate-Extra-Scopes',
  ].map((value): Refused => [
    `CVE-2021-31999, CVE-2022-23652: Connection: ${value}`,
    [bearer, ['connection', value], ['upgrade', 'websocket']],
    'connection_header',
  ]),
  [
    'CVE-2021-31999: a second Connection line',
    [bearer, ['connection', 'Upgrade'], ['connection', 'Impersonate-User']],
    'connection_header',
  ],
  [
    'CVE-2021-31999: beside a header of the name it drops',
    [bearer, ['connection', 'Impersonate-User'], ['impersonate-user', 'admin']],
    'connection_header',
  ],
  ...casings.map((name): Refused => [
    `CVE-2021-36776: ${name}`,
    [bearer, [name, 'admin']],
    'impersonation_denied',
  ]),
  ...[
    'Impersonate-Uid',
    'Impersonate-Group',
    'Impersonate-Extra-Scopes',
    'Impersonate-Foo',
    'Impersonate-',
  ].map((name): Refused => [
    `CVE-2021-36776: ${name}`,
    [bearer, [name, 'x']],
    'impersonation_malformed',
  ]),
  [
    'CVE-2021-36776: a blank Impersonate-User',
    [bearer, ['impersonate-user', ' ']],
    'impersonation_denied',
  ],
  [
    'CVE-2020-25017, CVE-2021-32777: two Authorization lines',
    [bearer, ['authorization', 'Bearer other']],
    'authorization_ambiguous',
  ],
  [
    'CVE-2021-32777: two Authorization lines, the first for somebody else to read',
    [['authorization', 'Basic dXNlcjo'], bearer],
    'authorization_ambiguous',
  ],
];

/** Headers that others have believed; none of them changes who somebody is. */
const believed: readonly (readonly [
  what: string,
  lines: HeaderLines,
  remove?: readonly string[],
])[] = [
  ['CVE-2023-27487: x-envoy-original-path', [['x-envoy-original-path', '/livez']]],
  ['GHSA-7x63-xv5r-3p2x: X-Forwarded-Uri', [['x-forwarded-uri', '/healthz']]],
  ['GHSA-5hvv-m4w4-gf6v: a health check for a user agent', [['user-agent', 'kube-probe/1.36']]],
  [
    'a user that a gateway would set',
    [
      ['x-forwarded-user', 'admin'],
      ['x-auth-request-user', 'a'],
    ],
  ],
  ['a client certificate in a header', [['x-forwarded-client-cert', 'Subject="CN=admin"']]],
  [
    'an internal request',
    [
      ['x-envoy-internal', 'true'],
      ['x-forwarded-for', '127.0.0.1'],
    ],
  ],
  ['CVE-2021-36776: an empty Impersonate-User', [['impersonate-user', '']]],
  ['an audit ID', [['audit-id', 'chosen']]],
  ['a method override', [['x-http-method-override', 'DELETE']]],
  [
    'a front proxy (X-Remote-*)',
    [
      ['X-Remote-User', 'admin'],
      ['X-Remote-Group', 'system:masters'],
      ['X-Remote-Extra-A', 'b'],
    ],
    ['x-remote-user', 'x-remote-group', 'x-remote-extra-a'],
  ],
  [
    'CVE-2025-64484: underscores',
    [
      ['Impersonate_User', 'admin'],
      ['IMPERSONATE_GROUP', 'system:masters'],
      ['x_remote_user', 'a'],
    ],
    ['impersonate_user', 'impersonate_group', 'x_remote_user'],
  ],
  [
    'CVE-2025-64484: an underscore in one place of two',
    [
      ['impersonate_extra-scopes', 'a'],
      ['x-remote_group', 'b'],
    ],
    ['impersonate_extra-scopes', 'x-remote_group'],
  ],
];

/** GHSA-pxq7-h93f-9jrg, CVE-2021-39156: paths that were read as others, which needed no token. */
const paths = [
  '/livez',
  '/healthz',
  '/readyz',
  '/version',
  '/api/v1/pods#/livez',
  '/livez#',
  '/livez/../api/v1/pods',
  '//livez',
  '/%6civez',
  '/api/v1/pods%2f..%2flivez',
  '/api/v1/pods;/livez',
  '/api/v1/pods?/livez',
  '/.well-known/openid-configuration',
  '*',
];

for (const form of ['raw', 'joined'] as const) {
  describe(`abuse in ${form} headers`, () => {
    for (const [what, lines, reason] of refused) {
      it(`is refused: ${what}`, async () => {
        assert.equal(reasonOf(await ask(lines, form)), reason);
      });
    }

    for (const [what, lines, remove = []] of believed) {
      it(`changes nothing: ${what}`, async () => {
        const plain = await ask([bearer], form);
        const tricked = await ask([bearer, ...lines], form);
        assert.deepEqual(impersonated(finisherLines(tricked)), identity);
        assert.deepEqual(namesSet(tricked), namesSet(plain));
        assert.deepEqual(tricked.ok_response?.headers_to_remove ?? [], remove);
        assert.equal(reasonOf(await ask(lines, form)), 'token_missing');
      });
    }
  });
}

describe('two Impersonate-User lines (CVE-2021-32777)', () => {
  const lines: HeaderLines = [bearer, ['impersonate-user', 'alice'], ['impersonate-user', 'admin']];

  it('are the first one alone, as for kube-apiserver', async () => {
    assert.equal(reasonOf(await ask(lines)), 'impersonation_denied');
  });

  it('are refused when Envoy has joined them', async () => {
    assert.equal(reasonOf(await ask(lines, 'joined')), 'impersonation_malformed');
  });
});

describe('abuse of bytes (CVE-2023-27488)', () => {
  for (const name of ['authorization', 'connection', 'upgrade', 'sec-websocket-protocol']) {
    it(`is refused: ${name} that is no UTF-8`, async () => {
      assert.equal(reasonOf(await ask([bearer, [name, bytes]])), 'request_malformed');
    });
  }

  it('does not get an Impersonate header past us', async () => {
    const lines: HeaderLines = [bearer, ['impersonate-user', bytes]];
    assert.equal(reasonOf(await ask(lines)), 'request_malformed');
    assert.equal(reasonOf(await ask(lines, 'joined')), 'impersonation_denied');
  });
});

describe('abuse of paths (GHSA-pxq7-h93f-9jrg, CVE-2021-39156)', () => {
  for (const path of paths) {
    it(`gets nobody in without a token: ${JSON.stringify(path)}`, async () => {
      const response = await call(authorizationOver(), checkRequest([], 'raw', path));
      assert.equal(reasonOf(throughBytes(response)), 'token_missing');
    });
  }
});

async function ask(lines: HeaderLines, form: 'raw' | 'joined' = 'raw'): Promise<CheckResponse> {
  return throughBytes(await call(authorizationOver(), checkRequest(lines, form)));
}

/** Why it was denied; fails when it was allowed in any field. */
function reasonOf({ status, ok_response, denied_response }: CheckResponse): string | undefined {
  assert.notEqual(status.code, 0, 'it was allowed');
  assert.ok(!ok_response);
  const headers = denied_response?.headers ?? [];
  return headers.find(({ header }) => header.key === 'x-kube-ext-authz-reason')?.header.value;
}

function namesSet({ ok_response }: CheckResponse): readonly string[] {
  return (ok_response?.headers ?? []).map(({ header }) => header.key);
}
