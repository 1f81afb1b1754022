/** What a request asks of the API: what kube-apiserver makes of it, and where we refuse to guess. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRequestInfo } from '../../../src/request/request-info.ts';
import { requestOddCases } from '../../support/request-odd-cases.ts';
import { requestPathCases } from '../../support/request-path-cases.ts';
import { requestQueryCases } from '../../support/request-query-cases.ts';

const empty = {
  isResourceRequest: false,
  path: '',
  verb: '',
  apiGroup: '',
  apiVersion: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  fieldSelector: '',
  labelSelector: '',
};

for (const [where, cases] of [
  ['in a path', requestPathCases],
  ['in an odd path', requestOddCases],
  ['in a query', requestQueryCases],
] as const) {
  describe(where, () => {
    for (const { what, method, target, info } of cases) {
      it(`${what} (${method} ${JSON.stringify(target).slice(1, 90)})`, () => {
        assert.deepEqual(readRequestInfo(method, target), info && { ...empty, ...info });
      });
    }
  });
}

/** kube-apiserver takes some of these, but not every hop before it reads them alike, or we can't tell them on. */
const doubtful: readonly (readonly [what: string, method: string, target: string])[] = [
  ['a fragment, which some hop may cut off', 'GET', '/api/v1/pods#/healthz'],
  ['a fragment in the query', 'GET', '/api/v1/pods?watch=1#'],
  ['a space, where some hop may end the target', 'GET', '/api/v1/pods /x'],
  ['a space in the query', 'GET', '/api/v1/pods?a= b'],
  ['a whole URL, which Envoy takes apart', 'GET', 'https://host/api/v1/pods'],
  ['the whole server, for which Envoy answers', 'OPTIONS', '*'],
  ['a tunnel', 'CONNECT', 'host:443'],
  ['a path that is no UTF-8', 'GET', '/api/v1/pods/%FF'],
  ['half a character', 'GET', '/api/v1/pods/gr%C3'],
  ['a slash in two bytes', 'GET', '/api/v1/pods%C0%AFfoo'],
  ['half a surrogate pair, escaped', 'GET', '/api/v1/pods/%ED%A0%80'],
  ['half a surrogate pair', 'GET', '/api/v1/pods/\ud800'],
  ['what stands for bytes that were no UTF-8', 'GET', '/api/v1/pods/foo?a=\ufffd'],
  ['a field selector that is no UTF-8', 'GET', '/api/v1/pods?fieldSelector=metadata.name=%FF'],
  ['a label selector that is no UTF-8', 'DELETE', '/api/v1/pods?labelSelector=a%FF'],
  ['more parameters than some Go reads', 'GET', `/api/v1/pods?${'&'.repeat(10_000)}watch=1`],
  ['a method that is no token, which Go takes over HTTP/2', 'G(T', '/healthz'],
  ['a method of other letters', 'ÖPTIONS', '/healthz'],
];

describe('in doubt', () => {
  for (const [what, method, target] of doubtful) {
    it(`nothing is read of ${what}`, () => {
      assert.equal(readRequestInfo(method, target), undefined);
    });
  }

  it('as many parameters as every Go reads are read', () => {
    const info = readRequestInfo('GET', `/api/v1/pods?${'&'.repeat(9_999)}watch=1`);
    assert.equal(info?.verb, 'watch');
  });

  it('parameters that nobody looks at may be many', () => {
    const info = readRequestInfo('GET', `/api/v1/pods/foo?${'&'.repeat(20_000)}`);
    assert.equal(info?.verb, 'get');
  });
});

describe('a hostile target', () => {
  const pieces = [
    ['/', '%2f', 'a/', '%', '%C3%B6', '?', ',metadata.name=', '\\', '=', '!', '(', ' in (a', '0'],
    ['x.', '-', '&watch=1', 'labelSelector=a', '%5C', '%00', '😀', ';'],
  ].flat();
  const places = [
    ['/api/v1/', '/api/v1/pods?', '/api/v1/pods?limit=', '/api/v1/pods?fieldSelector='],
    ['/api/v1/pods?fieldSelector=metadata.name=', '/api/v1/pods?labelSelector='],
    ['/api/v1/pods?labelSelector=a>', '/api/v1/pods?labelSelector=a in (', '/api/v1/pods?watch='],
  ].flat();
  for (const place of places) {
    it(`is read in a moment, however long it goes on from ${place}`, () => {
      for (const piece of pieces) {
        const target = `${place}${piece.repeat(200_000 / piece.length)}`.replaceAll(' ', '+');
        const started = process.cpuUsage();
        readRequestInfo('GET', target);
        const { user, system } = process.cpuUsage(started);
        assert.ok(user + system < 5_000_000, `${place} and many ${piece}: ${user + system} µs`);
      }
    });
  }
});
