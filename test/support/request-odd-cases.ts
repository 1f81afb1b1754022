/** Paths as nobody writes them who wants to be understood, paths of no resource, and what kube-apiserver refuses at once. */
import { resourceCase, splitRequest, type RequestCase, type ResourceRow } from './request-case.ts';

const pods = { resource: 'pods' };
const other = { namespace: 'other' };
const foo = { name: 'foo' };
const podFoo = { ...pods, ...other, ...foo };
const base = '/api/v1/namespaces/other';

const odd: readonly ResourceRow[] = [
  ['slashes at the end do not count', 'GET /api/v1/pods//', { verb: 'list', ...pods }],
  ['slashes at the start do not count', 'GET //api/v1/pods', { verb: 'list', ...pods }],
  ['escaped slashes at the ends do not count', 'GET /%2Fapi/v1/pods%2f', { verb: 'list', ...pods }],
  ['an empty namespace is none', 'GET /api/v1/namespaces//pods', { verb: 'list', ...pods }],
  [
    'a name may be empty before a subresource',
    `GET ${base}/pods//log`,
    { verb: 'list', subresource: 'log', ...pods, ...other },
  ],
  [
    'DELETE of an empty name deletes the collection',
    `DELETE ${base}/pods//log`,
    { verb: 'deletecollection', subresource: 'log', ...pods, ...other },
  ],
  ['escapes are resolved', `GET ${base}/pods/f%6f%6F`, { verb: 'get', ...podFoo }],
  ['escapes are resolved once', 'GET /api/v1/pods/%2566', { verb: 'get', ...pods, name: '%66' }],
  [
    'an escaped slash separates',
    'GET /api/v1/namespaces/other%2Fpods/foo',
    { verb: 'get', ...podFoo },
  ],
  ['the prefix may be escaped', 'GET /%61pi/v1/pods', { verb: 'list', ...pods }],
  ['the verb in the path may be escaped', 'GET /api/v1/w%61tch/pods', { verb: 'watch', ...pods }],
  [
    'an escaped question mark is part of a name',
    'GET /api/v1/pods%3Fwatch=true',
    { verb: 'list', resource: 'pods?watch=true' },
  ],
  ['a plus is one in a path', 'GET /api/v1/pods/a+b', { verb: 'get', ...pods, name: 'a+b' }],
  ['a semicolon is one in a path', 'GET /api/v1/pods;a=b', { verb: 'list', resource: 'pods;a=b' }],
  [
    'dots are names',
    'GET /api/v1/pods/../.',
    { verb: 'get', ...pods, name: '..', subresource: '.' },
  ],
  ['a NUL is part of a name', 'GET /api/v1/pods/a%00', { verb: 'get', ...pods, name: 'a\0' }],
  [
    'an escaped space and hash are part of a name',
    'GET /api/v1/pods/%20%23',
    { verb: 'get', ...pods, name: ' #' },
  ],
  [
    'names may be UTF-8',
    'GET /api/v1/pods/gr%C3%B6%C3%9Fe',
    { verb: 'get', ...pods, name: 'größe' },
  ],
  [
    'names may be UTF-8 that is not escaped',
    'GET /api/v1/pods/größe',
    { verb: 'get', ...pods, name: 'größe' },
  ],
  [
    'a replacement character may be meant',
    'GET /api/v1/pods/%EF%BF%BD',
    { verb: 'get', ...pods, name: '\ufffd' },
  ],
  [
    'a byte order mark is part of a name',
    'GET /api/v1/pods/%EF%BB%BFa',
    { verb: 'get', ...pods, name: '\ufeffa' },
  ],
  [
    'names of our own objects are just names',
    'GET /api/v1/constructor/__proto__',
    { verb: 'get', resource: 'constructor', name: '__proto__' },
  ],
  [
    'a path in the query is none',
    'GET /api/v1/pods/foo?/api/v1/nodes',
    { verb: 'get', ...pods, ...foo },
  ],
];

const nonResources: readonly (readonly [what: string, request: string, path?: string])[] = [
  ['the root is no resource', 'GET /'],
  ['slashes alone are no resource', 'GET ///'],
  ['a health check is no resource', 'GET /healthz'],
  ['a deep path is no resource', 'POST /livez/a/b/c/d'],
  ['a method that is no verb is named too', 'PROPFIND /metrics'],
  ['another prefix is no resource', 'GET /badprefix/v1/pods'],
  ['a prefix in capitals is another one', 'GET /API/v1/pods'],
  ['a prefix must come first', 'GET /x/api/v1/pods'],
  ['the legacy API is no resource', 'GET /api'],
  ['a version of it is no resource', 'GET /api/v1/'],
  ['the list of groups is no resource', 'GET /apis'],
  ['a group is no resource', 'GET /apis/apps'],
  ['a version of a group is no resource', 'GET /apis/apps/v1/'],
  ['a special verb for a version is no resource', 'GET /apis/apps/watch'],
  ['a path that is escaped is told as it is meant', 'GET /a%2Fb%20c+d?e', '/a/b c+d'],
  ['an empty query is none', 'GET /version?', '/version'],
  ['a second question mark is in the query', 'GET /version??', '/version'],
];

const refused: readonly (readonly [what: string, request: string])[] = [
  ['a watch of nothing is refused', 'GET /api/v1/watch'],
  ['a watch of nothing in a group is refused', 'GET /apis/apps/v1/watch/'],
  ['a proxy to nothing is refused', 'GET /api/v1/proxy'],
  ['a percent sign alone is refused', 'GET /api/v1/pods/100%'],
  ['half an escape is refused', 'GET /api/v1/pods/%4'],
  ['an escape of no hex digits is refused', 'GET /api/v1/pods/%zz'],
  ['an escape that is wrong is refused for no resource, too', 'GET /healthz%'],
  ['a control byte is refused', 'GET /api/v1/pods/a\u0001'],
  ['a delete byte is refused', 'GET /api/v1/pods?\u007f'],
  ['a target without a slash is refused', 'GET api/v1/pods'],
  ['an empty target is refused', 'GET '],
  ['no method is refused', ' /api/v1/pods'],
];

/** Each holds for kube-apiserver, too: test/e2e/request-info-oracle.test.ts asks it. */
export const requestOddCases: readonly RequestCase[] = [
  ...odd.map(resourceCase),
  ...nonResources.map(([what, request, told]) => {
    const { method, target } = splitRequest(request);
    const info = { isResourceRequest: false, path: told ?? target, verb: method.toLowerCase() };
    return { what, method, target, info };
  }),
  ...refused.map(([what, request]) => ({ what, ...splitRequest(request), info: undefined })),
];
