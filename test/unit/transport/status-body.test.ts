/** What a denial says over HTTP, for every reason and on every path. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deny } from '../../../src/decision/decision.ts';
import { denyReasons, type DenyReason } from '../../../src/denial/reasons.ts';
import { toHttpDenial } from '../../../src/transport/status-body.ts';

/** The status of each reason, said a second time: nobody changes one by accident. */
const statuses: Readonly<Record<DenyReason, number>> = {
  check_malformed: 503,
  request_malformed: 400,
  connection_header: 400,
  token_missing: 401,
  authorization_ambiguous: 401,
  token_malformed: 401,
  token_too_large: 401,
  issuer_unknown: 401,
  token_algorithm: 401,
  token_key_unknown: 401,
  token_signature: 401,
  token_audience: 401,
  token_expired: 401,
  token_not_yet_valid: 401,
  token_claim: 401,
  token_rejected: 401,
  token_rule: 401,
  token_lifetime: 401,
  reserved_name: 403,
  name_not_carriable: 403,
  account_not_allowed: 403,
  impersonation_malformed: 400,
  impersonation_too_large: 431,
  impersonation_denied: 403,
  issuer_unavailable: 503,
  credential_unavailable: 503,
  review_unavailable: 503,
  deadline_exceeded: 503,
  audit_unavailable: 503,
  internal_error: 503,
};

const words: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  431: 'RequestEntityTooLarge',
  503: 'ServiceUnavailable',
};

const asText = [
  '/api',
  '/api/',
  '/apis',
  '/apis/',
  '/version',
  '/api?timeout=32s',
  '/apis/?timeout=32s',
  '/version?',
  '/api?x=/api/v1/pods',
  '/api?a?b\nc',
];
const asJson = [
  '',
  '/',
  '/api/v1',
  '/apis/apps',
  '/apis/apps/v1',
  '/versions',
  '/apiv1',
  '/openapi/v2',
  '/api/v1/pods?x=/api',
  '/healthz',
  '//api',
  '/x?/api',
  '/API',
  '/api//',
  '/api\n',
];

const warnings: readonly (readonly [message: string, warning: string])[] = [
  ['plain words', '299 - "plain words"'],
  ['a "quoted" word', '299 - "a \\"quoted\\" word"'],
  ['back\\slash', '299 - "back\\\\slash"'],
  ['quote and end\\"', '299 - "quote and end\\\\\\""'],
  ['two\r\nlines: evil', '299 - "two??lines: evil"'],
  ['größe', '299 - "gr??e"'],
  ['tab\tand NUL\0', '299 - "tab?and NUL?"'],
];

describe('the HTTP answer of a denial', () => {
  for (const [reason, status] of Object.entries(statuses)) {
    it(`for ${reason} is ${status} and a Status that says so`, () => {
      const { status: told, headers, body } = toHttpDenial(deny({ reason }), '/api/v1/pods');
      assert.equal(told, status);
      assert.deepEqual(Object.fromEntries(headers), {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-kube-ext-authz-reason': reason,
        'audit-id': 'audit-1',
        ...(status === 401 && { 'www-authenticate': 'Bearer' }),
      });
      assert.deepEqual(JSON.parse(body), {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'a sentence',
        reason: words[status],
        code: status,
      });
    });
  }

  it('exists for every reason', () => {
    assert.deepEqual(denyReasons, statuses);
  });

  for (const path of asText) {
    it(`is plain text at ${JSON.stringify(path)}, where kubectl shows no Status`, () => {
      for (const reason of ['token_expired', 'impersonation_denied', 'issuer_unavailable']) {
        const { headers, body } = toHttpDenial(deny({ reason }), path);
        assert.equal(Object.fromEntries(headers)['content-type'], 'text/plain; charset=utf-8');
        assert.equal(body, 'a sentence');
      }
    });
  }
  for (const path of asJson) {
    it(`is a Status at ${JSON.stringify(path)}`, () => {
      const { headers, body } = toHttpDenial(deny({}), path);
      const byName = Object.fromEntries(headers);
      assert.equal(byName['content-type'], 'application/json');
      assert.equal(byName['warning'], undefined);
      assert.equal(JSON.parse(body).message, 'a sentence');
    });
  }

  for (const [message, warning] of warnings) {
    it(`warns in one line of plain letters: ${JSON.stringify(message)}`, () => {
      const { headers } = toHttpDenial(deny({ message }), '/api');
      assert.equal(Object.fromEntries(headers)['warning'], warning);
      assert.match(warning, /^299 - "[\x20-\x7e]*"$/);
    });
  }

  it('warns of all but a 403, whose text kubectl shows', () => {
    for (const reason of ['token_expired', 'connection_header', 'issuer_unavailable']) {
      const { headers } = toHttpDenial(deny({ reason }), '/api');
      assert.equal(Object.fromEntries(headers)['warning'], '299 - "a sentence"');
    }
    const { headers } = toHttpDenial(deny({ reason: 'impersonation_denied' }), '/api');
    assert.equal(Object.fromEntries(headers)['warning'], undefined);
  });

  it('has one line of each name, and no value that could end its line', () => {
    const message = 'a\r\nset-cookie: evil\n"';
    for (const path of ['/api', '/api/v1/pods']) {
      const { headers } = toHttpDenial(deny({ message }), path);
      assert.equal(new Set(headers.map(([name]) => name)).size, headers.length);
      for (const [, value] of headers) assert.match(value, /^[\x20-\x7e]+$/);
    }
  });

  it('carries any message through JSON', () => {
    for (const message of ['"', '\\', '\n', '\0', 'größe', '\u2028', '</script>', '\ud800']) {
      const { body } = toHttpDenial(deny({ message }), '/');
      const told = JSON.parse(body).message;
      assert.equal(told, message);
      assert.ok(body.isWellFormed());
    }
  });
});

function deny({
  reason = 'token_expired',
  message = 'a sentence',
}: {
  reason?: string;
  message?: string;
}): Deny {
  assert.ok(isReason(reason));
  return { kind: 'deny', auditID: 'audit-1', reason, message };
}

function isReason(word: string): word is DenyReason {
  return Object.hasOwn(denyReasons, word);
}
