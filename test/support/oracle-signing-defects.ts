/** What can be wrong about who signed a token and how. */
import { constants, sign } from 'node:crypto';
import { all, signedBy, withHeader, type Change, type Draft, type Row } from './oracle-drafts.ts';
import type { OracleKeys } from './oracle-issuers.ts';
import { signatureOf, type TestKey } from './signed-token.ts';

export function signingDefects(keys: OracleKeys): readonly Row[] {
  const { rsa, p256, p384, p521, small, misnamed, nameless, twin, stranger } = keys;
  const named = (key: typeof rsa, alg: string): Row => ['same', alg, signedBy(key, alg)];
  return [
    ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => named(rsa, alg)),
    named(p256, 'ES256'),
    named(p384, 'ES384'),
    named(p521, 'ES512'),
    ['same', 'a key published for encryption', signedBy(misnamed, 'ES256')],
    ['same', 'a key without a name', signedBy(nameless, 'ES256')],
    ['same', 'the second key of one name', signedBy(twin, 'ES256')],
    ['same', 'no kid', withHeader({ kid: undefined })],
    ['same', 'an empty kid', withHeader({ kid: '' })],
    ['same', 'null for the kid', withHeader({ kid: null })],
    ['refused', 'the kid of another key', withHeader({ kid: 'rsa' })],
    ['refused', 'a kid nobody publishes', withHeader({ kid: 'unknown' })],
    ['refused', 'a number for the kid', withHeader({ kid: 7 })],
    ['refused', 'a list for the kid', withHeader({ kid: ['p256'] })],
    ['refused', "a stranger's key", signedBy(stranger, 'RS256')],
    [
      'refused',
      "a stranger's key without a kid",
      all(signedBy(stranger, 'RS256'), withHeader({ kid: undefined })),
    ],
    ['refused', 'another alg of the same key', withHeader({ alg: 'ES384' })],
    ['refused', 'the alg of another kind of key', withHeader({ alg: 'RS256' })],
    ['refused', 'alg none', all(withHeader({ alg: 'none' }), unsigned)],
    ['refused', 'alg None', withHeader({ alg: 'None' })],
    ['refused', 'alg HS256', withHeader({ alg: 'HS256' })],
    ['refused', 'alg EdDSA', withHeader({ alg: 'EdDSA' })],
    ['refused', 'alg in lower case', withHeader({ alg: 'es256' })],
    ['refused', 'no alg', withHeader({ alg: undefined })],
    ['refused', 'a list for alg', withHeader({ alg: ['ES256'] })],
    ['refused', 'no signature', unsigned],
    ['refused', 'half a signature', signedWith((bytes) => bytes.subarray(0, 32))],
    ['refused', 'a longer signature', signedWith((bytes) => Buffer.concat([bytes, Buffer.of(0)]))],
    ['refused', 'a signature of zeros', signedWith((bytes) => Buffer.alloc(bytes.length))],
    [
      'refused',
      'one bit of the signature',
      signedWith((bytes) => bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte))),
    ],
    ['refused', 'a signature in ASN.1', signedInAsn1],
    ['ours', 'an RSA key of 1024 bits', signedBy(small, 'RS256')],
    ['ours', 'ES512 by a key of P-256', signedOffCurve(p256, 'ES512', 66)],
    ['ours', 'ES384 by a key of P-256', signedOffCurve(p256, 'ES384', 48)],
    ['ours', 'a PSS salt of another length', signedWithSalt(rsa, 20)],
    ['ours', 'no PSS salt', signedWithSalt(rsa, 0)],
  ];
}

function unsigned(draft: Draft): Draft {
  return { ...draft, sign: () => Buffer.of() };
}

function signedWith(change: (signature: Buffer) => Uint8Array): Change {
  return (draft) => ({
    ...draft,
    sign: (input, { alg, key }) => Buffer.from(change(signatureOf(input, alg, key.privateKey))),
  });
}

function signedInAsn1(draft: Draft): Draft {
  return {
    ...draft,
    sign: (input, { alg, key }) => sign(`sha${alg.slice(2)}`, Buffer.from(input), key.privateKey),
  };
}

/** The two numbers of a key on another curve, as long as the algorithm wants them. */
function signedOffCurve(key: TestKey, alg: string, size: number): Change {
  return all(
    signedBy(key, alg),
    signedWith((signature) => {
      const half = signature.length / 2;
      const numbers = [signature.subarray(0, half), signature.subarray(half)];
      return Buffer.concat(numbers.flatMap((number) => [Buffer.alloc(size - half), number]));
    }),
  );
}

function signedWithSalt(key: TestKey, saltLength: number): Change {
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return all(signedBy(key, 'PS256'), (draft) => ({
    ...draft,
    sign: (input) =>
      sign('sha256', Buffer.from(input), { key: key.privateKey, padding, saltLength }),
  }));
}
