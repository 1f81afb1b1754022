/** Whose signature counts: algorithms, keys, headers and every way to sign a token that is not the issuer's. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signingAlgorithms } from '../../../src/config/config.ts';
import type { DenyReason } from '../../../src/denial/reasons.ts';
import { parseCompactToken } from '../../../src/token/compact-token.ts';
import type { IssuerKeys } from '../../../src/token/issuer-keys.ts';
import { verifyToken, type IssuerRules, type VerifiedToken } from '../../../src/token/verifier.ts';
import { denialOf } from '../../support/denials.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import {
  createEcKey,
  createRsaKey,
  encodePart,
  fixedKeys,
  macToken,
  signatureOf,
  signToken,
} from '../../support/signed-token.ts';

const now = 1_800_000_000;
const claims = { iss: 'https://issuer.example', aud: 'kubernetes', exp: now + 60, sub: 'alice' };
const ec = createEcKey('ec');
const rsa = createRsaKey('rsa');
const stranger = createEcKey('stranger');
const curves = { 'P-384': createEcKey('p384', 'P-384'), 'P-521': createEcKey('p521', 'P-521') };
const published = [ec, rsa, ...Object.values(curves)];

const keyOf = (algorithm: string): typeof ec => {
  if (algorithm === 'ES384') return curves['P-384'];
  if (algorithm === 'ES512') return curves['P-521'];
  return algorithm.startsWith('ES') ? ec : rsa;
};

const good = signToken(ec, claims);
const [head = '', body = '', signature = ''] = good.split('.');
const admin = encodePart({ ...claims, sub: 'admin' });
const rsaPem = rsa.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const der = Buffer.from('3006020101020101', 'hex').toString('base64url');

const forged: readonly (readonly [what: string, token: string, reason: DenyReason])[] = [
  ['none for an algorithm', `${encodePart({ alg: 'none' })}.${admin}.AAAA`, 'token_algorithm'],
  ...['None', 'NONE', 'nOnE', '', 'es256', 'ES256 ', 'EdDSA', 'ES256K', 'HS512', 'RSA1_5'].map(
    (alg) =>
      [
        `${JSON.stringify(alg)} for an algorithm`,
        `${encodePart({ alg, kid: 'ec' })}.${body}.${signature}`,
        'token_algorithm',
      ] as const,
  ),
  ...[undefined, null, 7, ['ES256'], { alg: 'ES256' }].map(
    (alg) =>
      [
        `an algorithm that is ${JSON.stringify(alg)}`,
        `${encodePart({ alg, kid: 'ec' })}.${body}.${signature}`,
        'token_algorithm',
      ] as const,
  ),
  [
    'HS256 with the RSA public key in PEM for a secret',
    macToken(rsaPem, { ...claims, sub: 'admin' }, { kid: 'rsa' }),
    'token_algorithm',
  ],
  [
    'HS256 with the RSA public key in JWK for a secret',
    macToken(JSON.stringify(rsa.jwk), { ...claims, sub: 'admin' }, { kid: 'rsa' }),
    'token_algorithm',
  ],
  ['HS256 with an empty secret', macToken('', claims), 'token_algorithm'],
  [
    'an RSA algorithm for a signature of the EC key',
    `${encodePart({ alg: 'RS256', kid: 'ec' })}.${body}.${signature}`,
    'token_signature',
  ],
  [
    'an EC algorithm for a signature of the RSA key',
    signToken(rsa, claims, { alg: 'ES256' }),
    'token_signature',
  ],
  [
    'PSS for a signature of PKCS #1',
    signToken(rsa, claims, { alg: 'PS256' }, 'RS256'),
    'token_signature',
  ],
  [
    'PKCS #1 for a signature of PSS',
    signToken(rsa, claims, { alg: 'RS256' }, 'PS256'),
    'token_signature',
  ],
  [
    'SHA-512 for a signature with SHA-256',
    signToken(rsa, claims, { alg: 'RS512' }, 'RS256'),
    'token_signature',
  ],
  ['the kid of another key', signToken(ec, claims, { kid: 'rsa' }), 'token_signature'],
  ['a kid that nobody published', signToken(ec, claims, { kid: 'other' }), 'token_key_unknown'],
  [
    "a stranger's signature under our kid",
    signToken(stranger, claims, { kid: 'ec' }),
    'token_signature',
  ],
  [
    "a stranger's signature without a kid",
    signToken(stranger, claims, { kid: undefined }),
    'token_signature',
  ],
  ["a stranger's own kid", signToken(stranger, claims), 'token_key_unknown'],
  ['another payload', `${head}.${admin}.${signature}`, 'token_signature'],
  [
    'another header',
    `${encodePart({ alg: 'ES256', kid: 'ec', x: 1 })}.${body}.${signature}`,
    'token_signature',
  ],
  ['half a signature', `${head}.${body}.${signature.slice(0, 43)}`, 'token_signature'],
  ['a longer signature', `${head}.${body}.${signature}AAAA`, 'token_signature'],
  ['a signature of zeros', `${head}.${body}.${'A'.repeat(86)}`, 'token_signature'],
  ['a signature in DER', `${head}.${body}.${der}`, 'token_signature'],
  [
    'the signature of another token',
    `${head}.${body}.${signToken(ec, claims).split('.')[2]}x`,
    'token_signature',
  ],
];

const ownKey = { jwk: stranger.jwk };
const pointers: readonly (readonly [name: string, header: object])[] = [
  ['jwk', ownKey],
  ['jku', { jku: 'https://evil.example/jwks' }],
  ['x5u', { x5u: 'https://evil.example/cert' }],
  ['x5c', { x5c: ['MIIB'] }],
  ['x5t', { x5t: 'abc' }],
];

describe('a signature', () => {
  for (const algorithm of signingAlgorithms) {
    it(`with ${algorithm} by a key of the issuer is believed`, async () => {
      const token = signToken(keyOf(algorithm), claims, {}, algorithm);
      assert.equal((await verify(token)).identity.username, 'alice');
    });
  }

  it('without a kid is tried with every key', async () => {
    const token = signToken(ec, claims, { kid: undefined });
    assert.equal((await verify(token, fixedKeys(rsa, stranger, ec))).issuer, 'people');
    assert.equal((await verify(signToken(ec, claims, { kid: '' }))).issuer, 'people');
  });

  it('is tried with every key of its kid', async () => {
    const twin = createEcKey('ec');
    assert.equal((await verify(good, fixedKeys(twin, ec))).issuer, 'people');
  });

  for (const [what, token, reason] of forged) {
    it(`is refused with ${what}`, async () => {
      const { reason: told, message } = await denialOf(() => verify(token));
      assert.equal(told, reason);
      assert.doesNotMatch(message, /eyJ|alice|admin/);
    });
  }

  it('with an algorithm the issuer may not use is refused', async () => {
    const only = { ...plainRules, signingAlgorithms: ['RS256'] };
    const { reason, message } = await denialOf(() => verify(good, fixedKeys(ec), only));
    assert.equal(reason, 'token_algorithm');
    assert.match(message, /; accepted are RS256$/);
  });

  it('with an algorithm that is not accepted is refused before any key is touched', async () => {
    const untouched: IssuerKeys = {
      ...fixedKeys(),
      current: () => assert.fail('the keys were looked at'),
      refetch: () => assert.fail('the issuer was asked'),
    };
    const { reason } = await denialOf(() => verify(macToken('x', claims), untouched));
    assert.equal(reason, 'token_algorithm');
  });
});

describe('a header', () => {
  for (const [name, header] of pointers) {
    it(`that brings a key by ${name} is not followed`, async () => {
      const token = signToken(stranger, { ...claims, sub: 'admin' }, { kid: undefined, ...header });
      // go-jose reads x5c, and these are no certificates.
      const isRead = name === 'x5c';
      const { reason } = await denialOf(() => verify(token));
      assert.equal(reason, isRead ? 'token_malformed' : 'token_signature');
      if (isRead) return;
      assert.equal((await verify(signToken(ec, claims, { ...header }))).identity.username, 'alice');
    });
  }

  for (const crit of [['b64'], ['exp'], [], null, 'exp', ['alg', 'alg']]) {
    it(`that demands extensions, ${JSON.stringify(crit)}, is refused`, async () => {
      const token = signToken(ec, claims, { crit, b64: true });
      assert.equal((await denialOf(() => verify(token))).reason, 'token_malformed');
    });
  }

  it('that says the payload is not encoded is refused', async () => {
    const header = encodePart({ alg: 'ES256', kid: 'ec', b64: false });
    const raw = signatureOf(`${header}.${JSON.stringify(claims)}`, 'ES256', ec.privateKey);
    const token = `${header}.${body}.${raw.toString('base64url')}`;
    assert.equal((await denialOf(() => verify(token))).reason, 'token_malformed');
  });

  it('may have any type', async () => {
    for (const typ of ['JWT', 'at+jwt', 'logout+jwt', 7])
      await verify(signToken(ec, claims, { typ }));
  });

  it('with a name twice is refused, as go-jose refuses it', async () => {
    for (const text of ['{"alg":"none","alg":"ES256"}', '{"alg":"ES256","\\u0061lg":"none"}']) {
      const twice = encodePart(text);
      const signed = signatureOf(`${twice}.${body}`, 'ES256', ec.privateKey).toString('base64url');
      const { reason } = await denialOf(() => verify(`${twice}.${body}.${signed}`));
      assert.equal(reason, 'token_malformed');
    }
  });
});

function verify(
  token: string,
  keys: IssuerKeys = fixedKeys(...published),
  issuer: IssuerRules = plainRules,
): Promise<VerifiedToken> {
  return verifyToken(parseCompactToken(token), issuer, keys, now);
}
