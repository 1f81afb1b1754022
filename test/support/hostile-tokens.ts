/** Tokens that prove nothing, and tokens whose issuer vouches for somebody who can't be: none may become anybody. */
import { createHmac, createPublicKey } from 'node:crypto';
import { createSigningKey, publicPart, type Issuer } from '../../lab/issuer.ts';
import { forgedToken } from './forged-token.ts';

export interface HostileToken {
  readonly what: string;
  readonly status: 401 | 403;
  readonly reason: string;
  readonly make: (issuer: Issuer) => Promise<string> | string;
}

const claims = { sub: 'admin', groups: ['system:masters'] };

function good({ url }: Issuer): Record<string, unknown> {
  const iat = Math.floor(Date.now() / 1000);
  return { iss: url, aud: 'kubernetes', iat, exp: iat + 600, team: 'x', uid: 'x', ...claims };
}

async function bySomebodyElse(issuer: Issuer, header: object = {}): Promise<string> {
  const key = { ...(await createSigningKey('RS256')), kid: issuer.key.kid };
  const jwk = publicPart(key);
  const withKey = 'jwk' in header ? { ...header, jwk } : header;
  return issuer.mint({ ...claims, uid: 'x', team: 'x' }, { key, header: { ...withKey } });
}

/** RFC 8725 §2.1: the RSA public key taken for an HMAC secret. */
function byPublicKeyAsSecret(issuer: Issuer): string {
  const secret = createPublicKey({ key: { ...publicPart(issuer.key) }, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString();
  const [head = '', body = ''] = forgedToken(
    { alg: 'HS256', kid: issuer.key.kid },
    good(issuer),
  ).split('.');
  const signature = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url');
  return `${head}.${body}.${signature}`;
}

const forged: readonly HostileToken[] = [
  ...['none', 'None', 'NONE', '', 'HS256', 'EdDSA', 'RSA1_5'].map((alg): HostileToken => ({
    what: `a token with alg ${JSON.stringify(alg)}`,
    status: 401,
    reason: 'token_algorithm',
    make: (issuer) => forgedToken({ alg, kid: issuer.key.kid }, good(issuer)),
  })),
  {
    what: 'a token without a signature',
    status: 401,
    reason: 'token_malformed',
    make: (issuer) => forgedToken({ alg: 'none' }, good(issuer)).replace(/[^.]*$/, ''),
  },
  {
    what: 'a token signed by the public key as a secret',
    status: 401,
    reason: 'token_algorithm',
    make: byPublicKeyAsSecret,
  },
  {
    what: "a token signed by a stranger under the issuer's kid",
    status: 401,
    reason: 'token_signature',
    make: bySomebodyElse,
  },
  ...[{ jwk: {} }, { jku: 'https://127.0.0.1/jwks' }, { x5u: 'https://127.0.0.1/x' }].map(
    (header): HostileToken => ({
      what: `a stranger's token that brings its key as ${Object.keys(header).join()}`,
      status: 401,
      reason: 'token_signature',
      make: (issuer) => bySomebodyElse(issuer, header),
    }),
  ),
  {
    what: 'a token that demands an unknown extension',
    status: 401,
    reason: 'token_malformed',
    make: (issuer) =>
      forgedToken({ alg: 'RS256', kid: issuer.key.kid, crit: ['x'], x: 1 }, good(issuer)),
  },
  {
    what: 'an encrypted token',
    status: 401,
    reason: 'token_malformed',
    make: () => 'eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA',
  },
  {
    what: 'an expired token',
    status: 401,
    reason: 'token_expired',
    make: (issuer) => issuer.mint({ ...claims, uid: 'x', team: 'x', exp: 1 }),
  },
  {
    what: 'a token for somebody else',
    status: 401,
    reason: 'token_audience',
    make: (issuer) => issuer.mint({ ...claims, uid: 'x', team: 'x', aud: ['other'] }),
  },
  {
    what: 'a token that names another issuer',
    status: 401,
    reason: 'issuer_unknown',
    make: (issuer) => issuer.mint({ ...claims, uid: 'x', team: 'x', iss: `${issuer.url}/` }),
  },
];

type Odd = readonly [what: string, claims: Readonly<Record<string, unknown>>];

const wrongTypes: readonly unknown[] = [7, true, {}, ['alice'], [['alice']]];
const unfit: readonly string[] = [
  ' alice',
  'alice ',
  '\talice',
  'al\0ice',
  'alice\n',
  'alice\r\nImpersonate-User: admin',
  'al\u007fice',
  'alice\u00a0',
  '\ud800',
];

const reserved: readonly Odd[] = [
  ...['system:admin', 'system:anonymous', 'system:serviceaccount:kube-system:default'].map(
    (sub): Odd => [`the user ${sub}`, { sub }],
  ),
  ['the proxy itself as user', { sub: 'system:serviceaccount:kube-ext-authz:kube-ext-authz' }],
  ...['system:masters', 'system:nodes', 'system:authenticated', 'system:'].map((group): Odd => [
    `the group ${group}`,
    { groups: ['dev', group] },
  ]),
];

const unreadable: readonly Odd[] = [
  ...wrongTypes.map((sub): Odd => [`the user ${JSON.stringify(sub)}`, { sub }]),
  ...['', ' ', '\t', null].map((sub): Odd => [`the user ${JSON.stringify(sub)}`, { sub }]),
  ...[7, true, {}, [7], ['a', {}], [['a']], [{}]].map((groups): Odd => [
    `the groups ${JSON.stringify(groups)}`,
    { groups },
  ]),
  ...wrongTypes.map((uid): Odd => [`the uid ${JSON.stringify(uid)}`, { uid }]),
  ...[7, { a: 1 }, [7], [['a']], [null]].map((team): Odd => [
    `the extra ${JSON.stringify(team)}`,
    { team },
  ]),
];

const uncarriable: readonly Odd[] = unfit.flatMap((text): Odd[] => [
  [`the user ${JSON.stringify(text)}`, { sub: text }],
  [`a group ${JSON.stringify(text)}`, { groups: ['dev', text] }],
  [`the uid ${JSON.stringify(text)}`, { uid: text }],
  // CEL reads half a surrogate pair as U+FFFD, for kube-apiserver as for us.
  ...(text.isWellFormed()
    ? [[`an extra ${JSON.stringify(text)}`, { team: ['x', text] }] as const]
    : []),
]);

/** Every token, made by and for an issuer of the lab. */
export const hostileTokens: readonly HostileToken[] = [
  ...forged,
  ...vouched(reserved, 403, 'reserved_name'),
  ...vouched(unreadable, 401, 'token_claim'),
  ...vouched([...uncarriable, ['a blank group', { groups: [' '] }]], 403, 'name_not_carriable'),
];

function vouched(rows: readonly Odd[], status: 401 | 403, reason: string): HostileToken[] {
  const base = { sub: 'odd', uid: 'x', team: 'x', groups: ['dev'] };
  return rows.map(([what, odd]) => ({
    what: `a signed token with ${what}`,
    status,
    reason,
    make: (issuer) => issuer.mint({ ...base, ...odd }),
  }));
}
