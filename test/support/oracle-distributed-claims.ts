/** What a source of groups may answer, and how that ends on both sides. */
import type { RequestListener } from 'node:http';
import { createSigningKey, type Issuer } from '../../lab/issuer.ts';
import type { DenyReason } from '../../src/denial/reasons.ts';

/** Claims that are set over others. */
export type Content = Readonly<Record<string, unknown>>;

export interface DistributedLab {
  /** Of the tokens. */
  readonly login: Issuer;
  /** Of the answers; it has the endpoints, too. */
  readonly keeper: Issuer;
  /** Of answers, though nobody named it before. */
  readonly foreign: Issuer;
  /** Where the same answers are without TLS. */
  readonly plainURL: string;
}

export interface DistributedCase {
  readonly what: string;
  /** Set over the claims of the token. */
  readonly token?: (endpoint: string, lab: DistributedLab) => Content;
  /** What the endpoint answers. */
  readonly answer: (lab: DistributedLab) => RequestListener | Promise<RequestListener>;
  /** What both take; undefined: both refuse. */
  readonly groups?: readonly string[];
  /** Both refuse, and we with 503: another try may end better. */
  readonly isFault?: boolean;
  /** We refuse, and kube-apiserver doesn't. */
  readonly ours?: DenyReason;
}

const accessToken = 'the-access-token';
const now = Math.floor(Date.now() / 1000);

export const distributedCases: readonly DistributedCase[] = [
  { what: 'a list', answer: jwt({ groups: ['dev', 'ops', 'dev'] }), groups: ['dev', 'ops', 'dev'] },
  { what: 'a text', answer: jwt({ groups: 'dev' }), groups: ['dev'] },
  { what: 'null', answer: jwt({ groups: null }), groups: [] },
  { what: 'an empty list', answer: jwt({ groups: [] }), groups: [] },
  { what: 'a number', answer: jwt({ groups: 7 }) },
  { what: 'a map', answer: jwt({ groups: { a: 'b' } }) },
  { what: 'a number in a list', answer: jwt({ groups: ['a', 7] }) },
  { what: 'no groups', answer: jwt({}) },
  { what: 'groups that are kept elsewhere again', answer: jwt(kept('https://127.0.0.1:1/')) },
  { what: 'another audience', answer: jwt({ groups: ['dev'], aud: 'else' }) },
  {
    what: 'the second audience',
    answer: jwt({ groups: ['dev'], aud: ['x', 'k8s'] }),
    groups: ['dev'],
  },
  { what: 'no audience', answer: jwt({ groups: ['dev'], aud: undefined }) },
  { what: 'an expiry that has passed', answer: jwt({ groups: ['dev'], exp: now - 60 }) },
  { what: 'no expiry', answer: jwt({ groups: ['dev'], exp: undefined }) },
  { what: 'a day that comes', answer: jwt({ groups: ['dev'], nbf: now + 3_600 }) },
  { what: 'no issuer', answer: jwt({ groups: ['dev'], iss: undefined }) },
  {
    what: 'the name of an issuer that is not there',
    answer: jwt({ groups: ['dev'], iss: 'https://127.0.0.1:1' }),
    isFault: true,
  },
  { what: "the token's own issuer", answer: jwt({ groups: ['dev'] }, 'login'), groups: ['dev'] },
  { what: 'a foreign issuer', answer: jwt({ groups: ['dev'] }, 'foreign'), groups: ['dev'] },
  { what: "the name of another issuer on a keeper's signature", answer: misnamed },
  { what: "a stranger's signature", answer: forged },
  { what: 'another user', answer: jwt({ groups: ['dev'], sub: 'bob' }), groups: ['dev'] },
  { what: 'the status 201', answer: jwt({ groups: ['dev'] }, 'keeper', 201), groups: ['dev'] },
  { what: 'the status 226', answer: jwt({ groups: ['dev'] }, 'keeper', 226), groups: ['dev'] },
  { what: 'the status 227', answer: jwt({ groups: ['dev'] }, 'keeper', 227), isFault: true },
  { what: 'the status 404', answer: jwt({ groups: ['dev'] }, 'keeper', 404) },
  { what: 'the status 500', answer: jwt({ groups: ['dev'] }, 'keeper', 500), isFault: true },
  { what: 'nothing', answer: text(() => '', 204) },
  { what: 'HTML', answer: text(() => '<html></html>') },
  { what: 'JSON', answer: text(() => '{"groups":["dev"]}') },
  {
    what: 'a closed connection',
    answer: () => (request) => request.socket.destroy(),
    isFault: true,
  },
  { what: 'a line break behind it', answer: spaced((token) => `${token}\r\n`), groups: ['dev'] },
  { what: 'white space around it', answer: spaced((token) => ` \t${token} \n`), groups: ['dev'] },
  {
    what: 'line breaks in it',
    answer: spaced((token) => token.replaceAll(/.{40}/g, '$&\n')),
    groups: ['dev'],
  },
  {
    what: 'a space in its header',
    answer: spaced((token) => token.replace('e', 'e ')),
    groups: ['dev'],
  },
  { what: 'a space in its payload', answer: spaced((token) => token.replace('.ey', '.e y')) },
  { what: 'a byte order mark before it', answer: spaced((token) => `\ufeff${token}`) },
  { what: 'a redirect', answer: redirect, ours: 'issuer_unavailable' },
  {
    what: 'groups, though the token has its own',
    token: (endpoint) => ({ ...kept(endpoint), groups: ['own'] }),
    answer: jwt({ groups: ['dev'] }),
    groups: ['own'],
  },
  {
    what: 'groups, though the token has null for its own',
    token: (endpoint) => ({ ...kept(endpoint), groups: null }),
    answer: jwt({ groups: ['dev'] }),
    groups: [],
  },
  {
    what: 'groups without being asked, as the token aggregates them',
    token: () => withSource({ JWT: 'x.y.z' }),
    answer: text(() => ''),
    groups: [],
  },
  {
    what: 'groups of a source that is also aggregated',
    token: (endpoint) => withSource({ endpoint, access_token: accessToken, JWT: 'x' }),
    answer: jwt({ groups: ['dev'] }),
    groups: ['dev'],
  },
  {
    what: 'groups of a source with a number for a JWT',
    token: (endpoint) => withSource({ endpoint, access_token: accessToken, JWT: 7 }),
    answer: jwt({ groups: ['dev'] }),
  },
  {
    what: 'groups of a source beside one with a number for a Jwt',
    token: (endpoint) => ({
      ...kept(endpoint),
      _claim_sources: { a: { endpoint, access_token: accessToken }, b: { Jwt: 7 } },
    }),
    answer: jwt({ groups: ['dev'] }),
  },
  {
    what: 'groups of null for a source',
    token: () => withSource(null),
    answer: text(() => ''),
    groups: [],
  },
  {
    what: 'groups of no sources, for a token that names some',
    token: () => ({ ...kept(''), _claim_sources: undefined }),
    answer: text(() => ''),
  },
  {
    what: 'groups of no sources, for a token that names none',
    token: () => ({ _claim_names: {}, _claim_sources: undefined }),
    answer: text(() => ''),
  },
  {
    what: 'groups of no sources, for null in place of names',
    token: () => ({ _claim_names: null, _claim_sources: undefined }),
    answer: text(() => ''),
  },
  {
    what: 'groups, which nobody names',
    token: (endpoint) => ({ ...kept(endpoint), _claim_names: { roles: 'a' } }),
    answer: jwt({ groups: ['dev'] }),
    groups: [],
  },
  {
    what: 'groups to whoever brings the access token of others',
    token: (endpoint) => withSource({ endpoint, access_token: 'else' }),
    answer: jwt({ groups: ['dev'] }),
  },
  {
    what: 'groups to whoever brings no access token',
    token: (endpoint) => withSource({ endpoint }),
    answer: jwt({ groups: ['dev'] }),
  },
  {
    what: 'groups to an access token with a line break',
    token: (endpoint) => withSource({ endpoint, access_token: 'a\nb' }),
    answer: jwt({ groups: ['dev'] }),
  },
  {
    what: 'groups to the name and password of its URL',
    token: (endpoint) => withSource({ endpoint: endpoint.replace('//', '//name:password@') }),
    answer: jwt({ groups: ['dev'] }),
    groups: ['dev'],
  },
  {
    what: 'groups to an access token beyond ASCII',
    token: (endpoint) => withSource({ endpoint, access_token: 'clé ~' }),
    answer: jwt({ groups: ['dev'] }),
    groups: ['dev'],
  },
  {
    what: 'groups without TLS',
    token: (_endpoint, { plainURL }) => kept(plainURL),
    answer: jwt({ groups: ['dev'] }),
    ours: 'token_claim',
  },
];

/** Groups at an endpoint that wants an access token. */
export function kept(endpoint: string): Content {
  return withSource({ endpoint, access_token: accessToken });
}

function withSource(source: unknown): Content {
  return { _claim_names: { groups: 'a' }, _claim_sources: { a: source } };
}

/** Answers with a token of one of the issuers. */
export function jwt(
  claims: Content,
  from: 'login' | 'keeper' | 'foreign' = 'keeper',
  status = 200,
): DistributedCase['answer'] {
  return async (lab) => reply(await lab[from].mint({ ...claims }), status);
}

function spaced(change: (token: string) => string): DistributedCase['answer'] {
  return async ({ keeper }) => reply(change(await keeper.mint({ groups: ['dev'] })));
}

function text(body: () => string, status = 200): DistributedCase['answer'] {
  return () => reply(body(), status);
}

async function misnamed({ keeper, foreign }: DistributedLab): Promise<RequestListener> {
  return reply(await keeper.mint({ groups: ['dev'], iss: foreign.url }));
}

async function forged({ keeper }: DistributedLab): Promise<RequestListener> {
  const key = { ...(await createSigningKey('RS256')), kid: keeper.key.kid };
  return reply(await keeper.mint({ groups: ['dev'] }, { key }));
}

async function redirect({ keeper }: DistributedLab): Promise<RequestListener> {
  keeper.replaceHandler('/moved', reply(await keeper.mint({ groups: ['dev'] })));
  return (_request, response) => response.writeHead(302, { location: `${keeper.url}/moved` }).end();
}

function reply(body: string, status = 200): RequestListener {
  return (_request, response) => response.writeHead(status).end(body);
}

/** Whoever brings nothing of what is wanted gets nothing. */
export function guarded(handler: RequestListener): RequestListener {
  return (request, response) => {
    if (wanted.has(request.headers.authorization ?? '')) handler(request, response);
    else response.writeHead(401).end();
  };
}

const wanted: ReadonlySet<string> = new Set([
  `Bearer ${accessToken}`,
  `Bearer ${Buffer.from('clé ~').toString('latin1')}`,
  `Basic ${Buffer.from('name:password').toString('base64')}`,
]);
