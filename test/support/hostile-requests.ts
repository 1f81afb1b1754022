/** What somebody with a good token may send to become somebody else. Every line is sent as it stands. */
import type { RawRequest } from './raw-client.ts';

export interface HostileRequest {
  readonly what: string;
  /** What the client is told; 200 and 101 mean that it got through, as the token's own user. */
  readonly status: number;
  /** Where HTTP/2 ends otherwise; 0: the stream is reset. */
  readonly http2Status?: number;
  readonly lines?: RawRequest['lines'];
  readonly path?: string;
  readonly method?: string;
  /** HTTP/2 has no such header, or Node's client refuses to send it. */
  readonly onlyHttp1?: boolean;
  readonly encoding?: 'latin1';
  /** In place of the good token. */
  readonly authorization?: readonly string[];
}

type Row = readonly [what: string, status: number, lines: RawRequest['lines']];

const upgrade = ['Upgrade', 'websocket'] as const;

/** Names that ask for a user, whom this one may not be, and names that ask for something else for nobody. */
const users = ['Impersonate-User', 'impersonate-user', 'IMPERSONATE-USER', 'iMPERSONATE-uSER'];
const forNobody: readonly string[] = [
  ['Impersonate-Group', 'Impersonate-Extra-Scopes', 'Impersonate-Extra-'],
  ['Impersonate-Extra-%73copes', 'Impersonate-Extra-Acme.com%2Fproject', 'Impersonate-Foo'],
  ['Impersonate-Groups', 'Impersonate-'],
].flat();

const impersonation: readonly Row[] = [
  ...users.flatMap((name): Row[] => [
    [`${name}: admin`, 403, [[name, 'admin']]],
    [`an empty ${name}`, 200, [[name, '']]],
  ]),
  ...forNobody.flatMap((name): Row[] => [
    [`${name}: admin`, 400, [[name, 'admin']]],
    [`an empty ${name}`, 400, [[name, '']]],
  ]),
  ['Impersonate-Uid: admin', 400, [['Impersonate-Uid', 'admin']]],
  ['an empty Impersonate-Uid', 200, [['Impersonate-Uid', '']]],
  [
    'groups beside a user',
    403,
    [
      ['Impersonate-User', 'admin'],
      ['Impersonate-Group', 'system:masters'],
    ],
  ],
  [
    'an empty user before a real one',
    200,
    [
      ['Impersonate-User', ''],
      ['Impersonate-User', 'admin'],
    ],
  ],
];

const underscores = [
  'Impersonate_User',
  'impersonate_group',
  'Impersonate-Extra_A',
  'X_Remote_User',
];

/** Headers that some proxy somewhere believes: they change nothing here. */
const believedElsewhere: readonly Row[] = [
  ['X-Remote-User', 200, [['X-Remote-User', 'admin']]],
  ['X-Remote-Group', 200, [['X-Remote-Group', 'system:masters']]],
  ['X-Remote-Extra-Scopes', 200, [['X-Remote-Extra-Scopes', 'all']]],
  ['X-Forwarded-User', 200, [['X-Forwarded-User', 'admin']]],
  ['a forwarded client certificate', 200, [['X-Forwarded-Client-Cert', 'Subject="CN=admin"']]],
  ['a forwarded address', 200, [['X-Forwarded-For', '127.0.0.1']]],
  ['an original path', 200, [['X-Envoy-Original-Path', '/healthz']]],
  ['an original URL', 200, [['X-Original-URL', '/healthz']]],
  ['a request that calls itself internal', 200, [['X-Envoy-Internal', 'true']]],
  ['another method', 200, [['X-HTTP-Method-Override', 'DELETE']]],
  ['its own audit ID', 200, [['Audit-ID', 'mine']]],
  ['credentials for a proxy', 200, [['Proxy-Authorization', 'Basic YTpi']]],
  ['a cookie', 200, [['Cookie', 'authorization=Bearer x; impersonate-user=admin']]],
];

const connection: readonly Row[] = [
  [
    'Connection: Upgrade, Impersonate-User',
    400,
    [upgrade, ['Connection', 'Upgrade, Impersonate-User']],
  ],
  [
    'Connection: Impersonate-User, Upgrade',
    400,
    [upgrade, ['Connection', 'Impersonate-User, Upgrade']],
  ],
  [
    'Connection: upgrade,IMPERSONATE-GROUP',
    400,
    [upgrade, ['Connection', 'upgrade,IMPERSONATE-GROUP']],
  ],
  ['Connection: Upgrade, Authorization', 400, [upgrade, ['Connection', 'Upgrade, Authorization']]],
  [
    'two Connection lines',
    400,
    [upgrade, ['Connection', 'Upgrade'], ['Connection', 'Impersonate-User']],
  ],
  ['Connection: Impersonate-User', 200, [['Connection', 'Impersonate-User']]],
  ['Connection: close, Impersonate-Group', 200, [['Connection', 'close, Impersonate-Group']]],
  ['Connection: Authorization', 401, [['Connection', 'Authorization']]],
  [
    'Connection: Audit-ID, X-Kube, Impersonate-Extra-A',
    200,
    [['Connection', 'Audit-ID, X-Kube, Impersonate-Extra-A']],
  ],
  [
    'an upgrade to HTTP/2',
    200,
    [
      ['Upgrade', 'h2c'],
      ['Connection', 'Upgrade, HTTP2-Settings'],
      ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
    ],
  ],
  [
    'an upgrade to TLS',
    403,
    [
      ['Upgrade', 'TLS/1.0'],
      ['Connection', 'Upgrade'],
    ],
  ],
];

const ambiguousFraming: readonly Row[] = [
  [
    'a body with two lengths',
    400,
    [
      ['Content-Length', '0'],
      ['Content-Length', '5'],
    ],
  ],
  [
    'a length beside chunks',
    400,
    [
      ['Content-Length', '5'],
      ['Transfer-Encoding', 'chunked'],
    ],
  ],
  ['an unknown transfer encoding', 501, [['Transfer-Encoding', 'xchunked']]],
  ['a space before the colon', 400, [['Impersonate-User ', 'admin']]],
  ['a NUL in a value', 400, [['X-A', 'a\0Impersonate-User: admin']]],
  ['a folded line', 403, [['X-A', 'a\r\nImpersonate-User: admin']]],
];

/** The pods that the token's own user may list, asked for in odd ways. */
const paths: readonly (readonly [path: string, status: number])[] = [
  ['//api/v1/namespaces/default/pods', 200],
  ['/api//v1/namespaces/default/pods', 200],
  ['/healthz/../api/v1/namespaces/default/pods', 200],
  ['/api/v1/namespaces/default/secrets/../pods', 200],
  ['/api/v1/namespaces/%2e%2e/namespaces/default/pods', 200],
  ['/api/v1/namespaces/default%2fpods', 400],
  ['/api/v1/namespaces/default%5cpods', 400],
  ['/api/v1/namespaces/default/pods%00', 400],
  ['/api/v1/namespaces/default/pods;a=b', 403],
  ['/api/v1/namespaces/default/pods#/healthz', 400],
  ['/api/v1/namespaces/default/pods?impersonate-user=admin', 200],
  ['/api/v1/namespaces/default/pods?access_token=x', 200],
];

const authorizations: readonly (readonly [what: string, lines: readonly string[]])[] = [
  ['no credential', []],
  ['two tokens, the good one first', ['Bearer GOOD', 'Bearer x']],
  ['two tokens, the good one last', ['Bearer x', 'Bearer GOOD']],
  ['the good token twice', ['Bearer GOOD', 'Bearer GOOD']],
  ['two tokens in one line', ['Bearer x,Bearer GOOD']],
  ['a password', ['Basic YWRtaW46YWRtaW4=']],
  ['a scheme and no token', ['Bearer']],
  ['the good token without a scheme', ['GOOD']],
  ['two spaces before the good token', ['Bearer  GOOD']],
  ['a comma after the good token', ['Bearer GOOD,']],
  ['the good token with a tail', ['Bearer GOOD.x']],
  ['the good token without its signature', ['Bearer UNSIGNED']],
];

/** Every request; `GOOD` in an authorization stands for the good token. */
export const hostileRequests: readonly HostileRequest[] = [
  ...[...impersonation, ...believedElsewhere].map(([what, status, lines]) => ({
    what,
    status,
    lines,
  })),
  ...[...connection, ...ambiguousFraming].map(([what, status, lines]) => ({
    what,
    status,
    lines,
    onlyHttp1: true,
  })),
  ...underscores.map((name) => ({
    what: `${name} with an underscore`,
    status: 400,
    http2Status: 0,
    lines: [[name, 'admin'] as const],
  })),
  {
    what: 'a token of bytes that are no text',
    status: 400,
    authorization: ['Bearer \u00ff\u00fe'],
    encoding: 'latin1',
  },
  ...paths.map(([path, status]) => ({ what: `the path ${path}`, status, path })),
  ...authorizations.map(([what, authorization]) => ({ what, status: 401, authorization })),
  ...[1_100, 2_000].map((count) => ({
    what: `${count} header lines`,
    status: 431,
    http2Status: 0,
    lines: Array.from({ length: count }, (_, index) => [`x-${index}`, 'a'] as const),
  })),
  {
    what: 'a header line of 300 KiB',
    status: 431,
    lines: [['x-a', 'b'.repeat(300 * 1024)]],
    onlyHttp1: true,
  },
  {
    what: 'the path of a whole URL',
    status: 200,
    path: 'https://elsewhere/api/v1/namespaces/default/pods',
    onlyHttp1: true,
  },
  { what: 'a tunnel', status: 403, method: 'CONNECT', path: '127.0.0.1:443', onlyHttp1: true },
  { what: 'OPTIONS *', status: 404, method: 'OPTIONS', path: '*', onlyHttp1: true },
];
