/** What a request asks of the API, held against the rows of kube-apiserver's own requestinfo_test.go at v0.36.3. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toRequestInfo, type RequestInfo } from '../../../src/audit/request-info.ts';

type Row = readonly [method: string, target: string, info: Partial<RequestInfo>];

const pods = { resource: 'pods' };
const other = { namespace: 'other' };

const resources: readonly Row[] = [
  ['GET', '/api/v1/namespaces', { verb: 'list', resource: 'namespaces' }],
  [
    'GET',
    '/api/v1/namespaces/other',
    { verb: 'get', resource: 'namespaces', ...other, name: 'other' },
  ],
  ['GET', '/api/v1/namespaces/other/pods', { verb: 'list', ...pods, ...other }],
  ['GET', '/api/v1/namespaces/other/pods/foo', { verb: 'get', ...pods, ...other, name: 'foo' }],
  ['HEAD', '/api/v1/namespaces/other/pods/foo', { verb: 'get', ...pods, ...other, name: 'foo' }],
  ['GET', '/api/v1/pods', { verb: 'list', ...pods }],
  ['HEAD', '/api/v1/pods', { verb: 'list', ...pods }],
  ['PATCH', '/api/v1/namespaces/other/pods/foo', { verb: 'patch', ...pods, ...other, name: 'foo' }],
  ['PUT', '/api/v1/namespaces/other/pods/foo', { verb: 'update', ...pods, ...other, name: 'foo' }],
  [
    'DELETE',
    '/api/v1/namespaces/other/pods/foo',
    { verb: 'delete', ...pods, ...other, name: 'foo' },
  ],
  ['POST', '/api/v1/namespaces/other/pods', { verb: 'create', ...pods, ...other }],
  [
    'POST',
    '/apis/apps/v1/namespaces/other/pods',
    { verb: 'create', ...pods, ...other, apiGroup: 'apps' },
  ],
  ['GET', '/apis/batch/v1/jobs', { verb: 'list', resource: 'jobs', apiGroup: 'batch' }],
  [
    'GET',
    '/apis/batch/v1/jobs/foo',
    { verb: 'get', resource: 'jobs', apiGroup: 'batch', name: 'foo' },
  ],
  ['OPTIONS', '/api/v1/pods', { verb: '', ...pods }],
  ['get', '/api/v1/pods', { verb: '', ...pods }],
];

const collections: readonly Row[] = [
  ['DELETE', '/api/v1/nodes', { verb: 'deletecollection', resource: 'nodes' }],
  ['DELETE', '/api/v1/namespaces', { verb: 'deletecollection', resource: 'namespaces' }],
  ['DELETE', '/api/v1/namespaces/other/pods', { verb: 'deletecollection', ...pods, ...other }],
  [
    'DELETE',
    '/apis/apps/v1/pods?watch=true',
    { verb: 'deletecollection', ...pods, apiGroup: 'apps' },
  ],
  ['GET', '/api/v1/pods?watch=true', { verb: 'watch', ...pods }],
  ['GET', '/api/v1/pods?watch=1', { verb: 'watch', ...pods }],
  ['GET', '/api/v1/pods?watch', { verb: 'watch', ...pods }],
  ['GET', '/api/v1/pods?watch=', { verb: 'watch', ...pods }],
  ['GET', '/api/v1/pods?watch=yes', { verb: 'watch', ...pods }],
  ['GET', '/api/v1/pods?watch=false', { verb: 'list', ...pods }],
  ['GET', '/api/v1/pods?watch=FALSE', { verb: 'list', ...pods }],
  ['GET', '/api/v1/pods?watch=0', { verb: 'list', ...pods }],
  ['GET', '/api/v1/pods?watch=0&watch=1', { verb: 'list', ...pods }],
  ['GET', '/api/v1/pods?Watch=true', { verb: 'list', ...pods }],
  ['GET', '/api/v1/pods?limit=500', { verb: 'list', ...pods }],
  [
    'GET',
    '/api/v1/namespaces/other/pods/foo?watch=true',
    { verb: 'get', ...pods, ...other, name: 'foo' },
  ],
  ['POST', '/api/v1/pods?watch=true', { verb: 'create', ...pods }],
];

const subresources: readonly Row[] = [
  [
    'GET',
    '/api/v1/namespaces/other/pods/foo/status',
    { verb: 'get', resource: 'pods/status', ...other, name: 'foo' },
  ],
  [
    'GET',
    '/api/v1/namespaces/other/pods/foo/log',
    { verb: 'get', resource: 'pods/log', ...other, name: 'foo' },
  ],
  [
    'POST',
    '/api/v1/namespaces/other/pods/foo/exec?command=ls',
    { verb: 'create', resource: 'pods/exec', ...other, name: 'foo' },
  ],
  [
    'GET',
    '/api/v1/namespaces/other/pods/foo/proxy/sub/path',
    { verb: 'get', resource: 'pods/proxy', ...other, name: 'foo' },
  ],
  [
    'PUT',
    '/api/v1/namespaces/other/finalize',
    { verb: 'update', resource: 'namespaces/finalize', ...other, name: 'other' },
  ],
  [
    'PUT',
    '/api/v1/namespaces/other/status',
    { verb: 'update', resource: 'namespaces/status', ...other, name: 'other' },
  ],
  [
    'GET',
    '/apis/batch/v1/jobs/foo/scale',
    { verb: 'get', resource: 'jobs/scale', apiGroup: 'batch', name: 'foo' },
  ],
];

const special: readonly Row[] = [
  [
    'GET',
    '/api/v1/proxy/namespaces/other/pods/foo',
    { verb: 'proxy', ...pods, ...other, name: 'foo' },
  ],
  [
    'GET',
    '/api/v1/proxy/namespaces/other/pods/foo/not/a/subresource',
    { verb: 'proxy', ...pods, ...other, name: 'foo' },
  ],
  ['GET', '/api/v1/watch/pods', { verb: 'watch', ...pods }],
  ['DELETE', '/api/v1/watch/pods', { verb: 'watch', ...pods }],
  ['GET', '/api/v1/watch/namespaces/other/pods', { verb: 'watch', ...pods, ...other }],
  [
    'GET',
    '/api/v1/watch/namespaces/other/pods/foo',
    { verb: 'watch', ...pods, ...other, name: 'foo' },
  ],
  [
    'GET',
    '/apis/g/v1/watch/pods?fieldSelector=metadata.name=foo',
    { verb: 'watch', ...pods, apiGroup: 'g' },
  ],
];

const selectors: readonly (readonly [selector: string, name: string])[] = [
  ['metadata.name=foo', 'foo'],
  ['metadata.name==foo', 'foo'],
  ['metadata.name%3Dfoo', 'foo'],
  ['metadata.name=foo,spec.nodeName=n', 'foo'],
  ['spec.nodeName!=n,metadata.name=foo', 'foo'],
  [',metadata.name=foo,', 'foo'],
  ['metadata.name=foo&fieldSelector=metadata.name=bar', 'foo'],
  ['metadata.name=', ''],
  ['metadata.name!=foo', ''],
  ['metadata.namespace=foo', ''],
  ['xmetadata.name=foo', ''],
  ['foo=bar', ''],
  ['metadata.name=foo,bar', ''],
  ['metadata.name', ''],
  ['metadata.name=a/b', ''],
  ['metadata.name=a%25b', ''],
  ['metadata.name=..', ''],
  ['metadata.name=.', ''],
  ['metadata.name=a=b', ''],
  ['', ''],
];

const nonResources: readonly Row[] = [
  ...[
    '/',
    '',
    '/api',
    '/api/',
    '/api/v1',
    '/api/v1/',
    '/apis',
    '/apis/',
    '/apis/apps',
    '/apis/apps/v1',
    '/apis/apps/v1/',
    '/apis/v1/pods',
  ].map((target): Row => ['GET', target, { verb: 'get' }]),
  ...[
    '/healthz',
    '/livez/etcd',
    '/metrics',
    '/openapi/v2',
    '/version',
    '/badprefix/v1/pods',
    '/API/v1/pods',
    '/x/api/v1/pods',
    '*',
  ].map((target): Row => ['GET', target, { verb: 'get' }]),
  ['POST', '/healthz', { verb: 'post' }],
  ['HEAD', '/healthz', { verb: 'head' }],
  ['CONNECT', '', { verb: 'connect' }],
];

const odd: readonly Row[] = [
  ['GET', '/api/v1/pods/', { verb: 'list', ...pods }],
  ['GET', '/api/v1/pods//', { verb: 'list', ...pods }],
  ['GET', '//api/v1/pods', { verb: 'list', ...pods }],
  ['GET', '/api/v1/namespaces/other/pods/foo/', { verb: 'get', ...pods, ...other, name: 'foo' }],
  ['GET', '/api/v1/namespaces//pods', { verb: 'list', ...pods }],
  ['GET', '/api/v1/namespaces/other/pods/f%6f%6f', { verb: 'get', ...pods, ...other, name: 'foo' }],
  ['GET', '/api/v1/namespaces/other%2Fpods/foo', { verb: 'get', ...pods, ...other, name: 'foo' }],
  ['GET', '/%61pi/v1/pods', { verb: 'list', ...pods }],
  ['GET', '/api/v1/pods%3Fwatch=true', { verb: 'list', resource: 'pods?watch=true' }],
  ['GET', '/api/v1/nodes/gr%C3%B6%C3%9Fe', { verb: 'get', resource: 'nodes', name: 'größe' }],
  ['GET', '/api/v1/nodes/a+b', { verb: 'get', resource: 'nodes', name: 'a+b' }],
  ['GET', '/api/v1/nodes/100%', { verb: 'get', resource: 'nodes', name: '100%' }],
  ['GET', '/api/v1/nodes/%ff', { verb: 'get', resource: 'nodes', name: '%ff' }],
  ['GET', '/api/v1/nodes/..', { verb: 'get', resource: 'nodes', name: '..' }],
  ['GET', '/api/v1/nodes/a?x=/api/v1/pods', { verb: 'get', resource: 'nodes', name: 'a' }],
  ['GET', '/api/v1/nodes/__proto__', { verb: 'get', resource: 'nodes', name: '__proto__' }],
  ['constructor', '/api/v1/pods', { verb: '', ...pods }],
];

for (const [what, rows] of [
  ['a resource', resources],
  ['a collection', collections],
  ['a subresource', subresources],
  ['a verb in the path', special],
  ['no resource', nonResources],
  ['a path that is written oddly', odd],
] as const) {
  describe(what, () => {
    for (const [method, target, info] of rows) {
      it(`is ${method} ${target}`, () => {
        const empty = { verb: '', resource: '', apiGroup: '', namespace: '', name: '' };
        assert.deepEqual(toRequestInfo(method, target), { ...empty, ...info });
      });
    }
  });
}

describe('a field selector', () => {
  for (const [selector, name] of selectors) {
    it(`names ${JSON.stringify(name)} by ${selector}`, () => {
      for (const [query, verb] of [
        ['', 'list'],
        ['&watch=true', 'watch'],
      ]) {
        const info = toRequestInfo('GET', `/apis/g/v1/rs?fieldSelector=${selector}${query}`);
        assert.deepEqual([info.verb, info.name], [verb, name]);
      }
    });
  }

  it('does not count where the path has a name already, or for another verb', () => {
    const selector = '?fieldSelector=metadata.name=bar';
    assert.equal(toRequestInfo('GET', `/api/v1/nodes/foo${selector}`).name, 'foo');
    assert.equal(toRequestInfo('DELETE', `/api/v1/nodes${selector}`).name, '');
  });
});

describe('a hostile target', () => {
  it('is read in a moment, however long', () => {
    for (const piece of ['/', '%2f', 'a/', ',metadata.name=', 'eyJ', '%', '?', '&watch=1']) {
      const long = piece.repeat(200_000 / piece.length);
      for (const target of [`/api/v1/${long}`, `/api/v1/pods?fieldSelector=${long}`]) {
        assert.equal(typeof toRequestInfo('GET', target).verb, 'string');
      }
    }
  });
});
