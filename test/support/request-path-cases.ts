/** Paths as clients write them, and what kube-apiserver makes of them: the ideas of its own requestinfo_test.go. */
import { resourceCase, type RequestCase, type ResourceRow } from './request-case.ts';

const pods = { resource: 'pods' };
const other = { namespace: 'other' };
const foo = { name: 'foo' };
const podFoo = { ...pods, ...other, ...foo };
const base = '/api/v1/namespaces/other';

/** For resources of the API group '' and version v1. */
const core: readonly ResourceRow[] = [
  ['GET of a collection is a list', 'GET /api/v1/pods', { verb: 'list', ...pods }],
  ['HEAD of a collection is a list', 'HEAD /api/v1/pods', { verb: 'list', ...pods }],
  [
    'GET of a collection in a namespace is a list',
    `GET ${base}/pods`,
    { verb: 'list', ...pods, ...other },
  ],
  ['GET of an object is a get', `GET ${base}/pods/foo`, { verb: 'get', ...podFoo }],
  ['HEAD of an object is a get', `HEAD ${base}/pods/foo`, { verb: 'get', ...podFoo }],
  ['PUT is an update', `PUT ${base}/pods/foo`, { verb: 'update', ...podFoo }],
  ['PATCH is a patch', `PATCH ${base}/pods/foo`, { verb: 'patch', ...podFoo }],
  ['POST is a create', `POST ${base}/pods`, { verb: 'create', ...pods, ...other }],
  ['DELETE of an object is a delete', `DELETE ${base}/pods/foo`, { verb: 'delete', ...podFoo }],
  [
    'DELETE of a collection deletes it',
    `DELETE ${base}/pods`,
    { verb: 'deletecollection', ...pods, ...other },
  ],
  ['another method has no verb', 'OPTIONS /api/v1/pods', { verb: '', ...pods }],
  ['a method in lower case is another one', 'get /api/v1/pods', { verb: '', ...pods }],
  [
    'a method of any token is another one',
    "constructor!#$%&'*+-.^_`|~ /api/v1/pods",
    { verb: '', ...pods },
  ],
  ['CONNECT may name a path', 'CONNECT /api/v1/pods', { verb: '', ...pods }],
  [
    'namespaces are a collection',
    'GET /api/v1/namespaces',
    { verb: 'list', resource: 'namespaces' },
  ],
  [
    'a namespace is in itself',
    `GET ${base}`,
    { verb: 'get', resource: 'namespaces', ...other, name: 'other' },
  ],
  [
    'the status of a namespace is its own',
    `PUT ${base}/status`,
    { verb: 'update', resource: 'namespaces', subresource: 'status', ...other, name: 'other' },
  ],
  [
    'a namespace is finalized',
    `PUT ${base}/finalize`,
    { verb: 'update', resource: 'namespaces', subresource: 'finalize', ...other, name: 'other' },
  ],
  [
    'what follows a status of a namespace is not read',
    `GET ${base}/status/x/y`,
    { verb: 'get', resource: 'namespaces', subresource: 'status', ...other, name: 'other' },
  ],
  [
    'anything else in a namespace is a resource',
    `GET ${base}/scale`,
    { verb: 'list', resource: 'scale', ...other },
  ],
  [
    'a resource named namespaces is in a namespace',
    `GET ${base}/namespaces/foo`,
    { verb: 'get', resource: 'namespaces', ...other, ...foo },
  ],
  [
    'a status is a subresource',
    `GET ${base}/pods/foo/status`,
    { verb: 'get', subresource: 'status', ...podFoo },
  ],
  [
    'what follows a subresource is not read',
    `GET ${base}/pods/foo/proxy/a/b`,
    { verb: 'get', subresource: 'proxy', ...podFoo },
  ],
  [
    'POST to a subresource is a create',
    `POST ${base}/pods/foo/exec?command=ls`,
    { verb: 'create', subresource: 'exec', ...podFoo },
  ],
  [
    'DELETE of a subresource is a delete',
    `DELETE ${base}/pods/foo/x`,
    { verb: 'delete', subresource: 'x', ...podFoo },
  ],
  ['a proxy of a collection has no name', 'GET /api/v1/proxy/pods', { verb: 'proxy', ...pods }],
  [
    'a proxy in the path has no subresource',
    'GET /api/v1/proxy/namespaces/other/pods/foo/a/b',
    { verb: 'proxy', ...podFoo },
  ],
  [
    'a proxy of a namespace is no namespaced resource',
    'GET /api/v1/proxy/namespaces/other',
    { verb: 'proxy', resource: 'namespaces', ...other, name: 'other' },
  ],
  ['a watch in the path is one', 'GET /api/v1/watch/pods', { verb: 'watch', ...pods }],
  [
    'a watch in the path is one for every method',
    'DELETE /api/v1/watch/pods',
    { verb: 'watch', ...pods },
  ],
  [
    'a watch in the path may be in a namespace',
    'GET /api/v1/watch/namespaces/other/pods',
    { verb: 'watch', ...pods, ...other },
  ],
  [
    'a watch in the path may name an object',
    'GET /api/v1/watch/namespaces/other/pods/foo',
    { verb: 'watch', ...podFoo },
  ],
  [
    'a watch in the path has subresources',
    'GET /api/v1/watch/namespaces/other/pods/foo/log',
    { verb: 'watch', subresource: 'log', ...podFoo },
  ],
  [
    'a second watch in the path is a resource',
    'GET /api/v1/watch/watch',
    { verb: 'watch', resource: 'watch' },
  ],
  [
    'a watch elsewhere in the path is a resource',
    `GET ${base}/watch`,
    { verb: 'list', resource: 'watch', ...other },
  ],
];

const groups: readonly ResourceRow[] = [
  [
    'a group has its own resources',
    'GET /apis/batch/v1/jobs',
    { verb: 'list', resource: 'jobs', apiGroup: 'batch', apiVersion: 'v1' },
  ],
  [
    'a subresource of a group is read',
    'PUT /apis/a.io/v2beta1/namespaces/other/pods/foo/scale',
    { verb: 'update', subresource: 'scale', ...podFoo, apiGroup: 'a.io', apiVersion: 'v2beta1' },
  ],
  [
    'a version is taken for a group when there is none',
    'GET /apis/v1/pods/foo',
    { verb: 'list', resource: 'foo', apiGroup: 'v1', apiVersion: 'pods' },
  ],
  [
    'a group may be empty',
    'GET /apis//v1/pods',
    { verb: 'list', ...pods, apiGroup: '', apiVersion: 'v1' },
  ],
  [
    'a version may be empty',
    'GET /api//pods',
    { verb: 'list', ...pods, apiGroup: '', apiVersion: '' },
  ],
  [
    'an escaped slash separates a group',
    'GET /apis/apps%2Fv1/pods',
    { verb: 'list', ...pods, apiGroup: 'apps', apiVersion: 'v1' },
  ],
  [
    'a group is no special verb',
    'GET /apis/watch/v1/pods',
    { verb: 'list', ...pods, apiGroup: 'watch', apiVersion: 'v1' },
  ],
];

/** Each holds for kube-apiserver, too: test/e2e/request-info-oracle.test.ts asks it. */
export const requestPathCases: readonly RequestCase[] = [...core, ...groups].map(resourceCase);
