/** What can be odd about the header of a token and about its bytes. */
import {
  all,
  signedBy,
  toJson,
  withClaims,
  withHeader,
  withRawClaims,
  type Change,
  type Draft,
  type Row,
} from './oracle-drafts.ts';
import type { OracleKeys } from './oracle-issuers.ts';
import { signatureOf } from './signed-token.ts';

export function formDefects(keys: OracleKeys): readonly Row[] {
  return [...headers(keys), ...octets(keys)];
}

function headers({ rsa, stranger }: OracleKeys): readonly Row[] {
  return [
    ['same', 'no typ', withHeader({ typ: undefined })],
    ['same', 'another typ', withHeader({ typ: 'at+jwt' })],
    ['same', 'a number for typ', withHeader({ typ: 7 })],
    ['same', 'null for typ', withHeader({ typ: null })],
    ['same', 'a cty', withHeader({ cty: 'JWT' })],
    ['same', 'a jku', withHeader({ jku: 'https://127.0.0.1:1/keys' })],
    ['same', 'an x5u', withHeader({ x5u: 'https://127.0.0.1:1/x5u' })],
    ['same', 'an x5t', withHeader({ x5t: 'AAAA' })],
    ['same', 'a key in the header', withHeader({ jwk: rsa.jwk })],
    ['same', 'null for a key in the header', withHeader({ jwk: null })],
    [
      'refused',
      "a stranger's key in the header",
      all(signedBy(stranger, 'RS256'), withHeader({ jwk: stranger.jwk, kid: undefined })),
    ],
    ['refused', 'a text for a key in the header', withHeader({ jwk: 'x' })],
    ['refused', 'a broken key in the header', withHeader({ jwk: { kty: 'EC' } })],
    [
      'refused',
      'a private key in the header',
      withHeader({ jwk: stranger.privateKey.export({ format: 'jwk' }) }),
    ],
    ['refused', 'a symmetric key in the header', withHeader({ jwk: { kty: 'oct', k: 'AAAA' } })],
    ['same', 'an empty x5c', withHeader({ x5c: [] })],
    ['refused', 'a broken x5c', withHeader({ x5c: ['AAAA'] })],
    ['refused', 'a text for x5c', withHeader({ x5c: 'AAAA' })],
    ['same', 'a nonce in the header', withHeader({ nonce: 'x' })],
    ['refused', 'a number for a nonce in the header', withHeader({ nonce: 7 })],
    ['refused', 'an unknown name in crit', withHeader({ crit: ['exp'], exp: 1 })],
    ['refused', 'a text for crit', withHeader({ crit: 'exp' })],
    ['ours', 'an empty crit', withHeader({ crit: [] })],
    ['ours', 'null for crit', withHeader({ crit: null })],
    ['ours', 'b64 in crit', withHeader({ crit: ['b64'], b64: true })],
    ['same', 'b64 true', withHeader({ b64: true })],
    ['same', 'a text for b64', withHeader({ b64: 'x' })],
    ['refused', 'b64 false', withHeader({ b64: false })],
    ['ours', 'b64 false, signed so', all(withHeader({ b64: false }), signedPlain)],
    ['refused', 'alg twice', withHeaderText((text) => text.replace('{', '{"alg":"ES256",'))],
    ['refused', 'kid twice', withHeaderText((text) => text.replace('{', '{"kid":"rsa",'))],
    ['refused', 'typ twice', withHeaderText((text) => text.replace('{', '{"typ":"x",'))],
    [
      'refused',
      'a name twice inside the header',
      withHeaderText((text) => text.replace('{', '{"x":[{"a":1,"a":2}],')),
    ],
    [
      'refused',
      'a key in the header with a name twice',
      withHeaderText((text) =>
        text.replace('{', `{"jwk":${JSON.stringify(rsa.jwk).replace('{', '{"x":1,"x":2,')},`),
      ),
    ],
    [
      'refused',
      'a key in the header with a number for its kid',
      withHeader({ jwk: { ...rsa.jwk, kid: 7 } }),
    ],
    [
      'refused',
      'a key in the header with an x5u',
      withHeader({ jwk: { ...rsa.jwk, x5u: 'https://127.0.0.1:1/' } }),
    ],
    [
      'refused',
      'a key in the header with a short x5t',
      withHeader({ jwk: { ...rsa.jwk, x5t: 'AAAA' } }),
    ],
    [
      'refused',
      'a key in the header with plain base64',
      withHeader({ jwk: { ...rsa.jwk, n: 'ab+/' } }),
    ],
    [
      'refused',
      'a key in the header with the exponent zero',
      withHeader({ jwk: { ...rsa.jwk, e: '' } }),
    ],
    ['refused', 'only ALG', withHeaderText((text) => text.replace('"alg"', '"ALG"'))],
    ['same', 'an ALG besides', withHeader({ ALG: 'none' })],
    ['same', 'KID besides', withHeader({ KID: 'none' })],
    [
      'same',
      'white space in the header',
      withHeaderText((text) => ` \n${text.replaceAll(':', ' :\t')} `),
    ],
    ['refused', 'a list as the header', withHeaderText(() => '[]')],
    ['refused', 'null as the header', withHeaderText(() => 'null')],
    ['refused', 'an open header', withHeaderText((text) => text.slice(0, -1))],
    ['refused', 'words after the header', withHeaderText((text) => `${text}x`)],
    ['refused', 'a byte order mark before the header', withHeaderText((text) => `\ufeff${text}`)],
    [
      'refused',
      'a comma too many in the header',
      withHeaderText((text) => text.replace('}', ',}')),
    ],
  ];
}

function octets({ p384 }: OracleKeys): readonly Row[] {
  return [
    [
      'same',
      'white space in the claims',
      withClaimText((text) => ` \t${text.replaceAll('":', '" :\n')}\r\n`),
    ],
    ['refused', 'a list as the claims', withClaimText(() => '[]')],
    ['refused', 'null as the claims', withClaimText(() => 'null')],
    ['refused', 'words after the claims', withClaimText((text) => `${text} x`)],
    ['refused', 'two sets of claims', withClaimText((text) => text + text)],
    ['refused', 'a byte order mark before the claims', withClaimText((text) => `\ufeff${text}`)],
    ['refused', 'single quotes', withClaimText((text) => text.replaceAll('"', "'"))],
    ['refused', 'a comment', withClaimText((text) => `${text}// x`)],
    [
      'refused',
      'a line break in a text',
      withClaimText((text) => text.replace('alice', 'ali\nce')),
    ],
    [
      'refused',
      'an escape JSON does not know',
      withClaimText((text) => text.replace('alice', 'ali\\x41ce')),
    ],
    ['refused', 'NaN', withRawClaims(['any', 'NaN'])],
    ['refused', 'a number that starts with zero', withRawClaims(['any', '07'])],
    ['refused', 'a number that starts with a point', withRawClaims(['any', '.7'])],
    ['same', 'nested a thousand deep', withRawClaims(['deep', nested(1_000)])],
    ['refused', 'nested deeper than ten thousand', withRawClaims(['deep', nested(10_001)])],
    [
      'same',
      'escapes in the name of a claim',
      withClaimText((text) => text.replace('"sub"', String.raw`"\u0073ub"`)),
    ],
    ['ours', 'a byte that is no text', withClaimBytes('alice', [0x61, 0xff, 0x62])],
    ['ours', 'the start of a character', withClaimBytes('alice', [0x61, 0xe2, 0x82, 0x62])],
    ['ours', 'a surrogate in UTF-8', withClaimBytes('alice', [0x61, 0xed, 0xa0, 0x80, 0x62])],
    ['ours', 'a character written too long', withClaimBytes('alice', [0x61, 0xc0, 0xaf, 0x62])],
    ['refused', 'four parts', finishedAs((text) => `${text}.x`)],
    ['refused', 'two parts', finishedAs((text) => text.replace(/\.[^.]*$/, ''))],
    ['refused', 'an empty header', finishedAs((text) => text.replace(/^[^.]*/, ''))],
    ['refused', 'no claims', finishedAs((text) => text.replace(/\.[^.]*\./, '..'))],
    ['refused', 'padding behind', finishedAs((text) => `${text}==`)],
    ['refused', 'a letter behind that is none of base64', finishedAs((text) => `${text}*`)],
    [
      'refused',
      'the alphabet of plain base64',
      all(
        withClaims({ any: '???>>>' }),
        finishedAs((text) => text.replaceAll('_', '/').replaceAll('-', '+')),
      ),
    ],
    ['refused', 'one letter more of the signature', finishedAs((text) => `${text}AAA`)],
    [
      'refused',
      'one letter more than base64 can hold',
      all(
        signedBy(p384, 'ES384'),
        finishedAs((text) => `${text}A`),
      ),
    ],
    ['same', 'bits left over in the signature', finishedAs((text) => withSpareBits(text))],
    [
      'refused',
      'bits left over in the signed text',
      (draft) => ({ ...draft, encode: withSpareBits }),
    ],
    [
      'ours',
      'bits left over in the header, set after signing',
      finishedAs((text) => text.replace(/^[^.]*/, withSpareBits)),
    ],
  ];
}

/** Sets the bits of the last letter that belong to no byte, if there are any. */
function withSpareBits(text: string): string {
  const part = text.slice(text.lastIndexOf('.') + 1);
  if (part.length % 4 < 2) return text;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return `${text.slice(0, -1)}${letters[letters.indexOf(text.at(-1) ?? '') | 1] ?? ''}`;
}

function nested(depth: number): string {
  return `${'['.repeat(depth)}${']'.repeat(depth)}`;
}

/** Over the claims as they are, not in base64url (RFC 7797). */
function signedPlain(draft: Draft): Draft {
  return {
    ...draft,
    sign: (input, { alg, key, claims }) => {
      const plain = `${input.replace(/\..*/, '')}.${toJson(claims)}`;
      return signatureOf(plain, alg, key.privateKey);
    },
  };
}

function withHeaderText(change: (text: string) => string): Change {
  return (draft) => ({ ...draft, headerBytes: change(toJson(draft.header)) });
}

function withClaimText(change: (text: string) => string): Change {
  return (draft) => ({ ...draft, claimBytes: change(toJson(draft.claims)) });
}

/** Puts bytes in the place of a word. */
function withClaimBytes(word: string, bytes: readonly number[]): Change {
  return (draft) => {
    const [before = '', after = ''] = toJson(draft.claims).split(`"${word}"`);
    const quote = Buffer.from('"');
    const parts = [Buffer.from(before), quote, Buffer.from(bytes), quote, Buffer.from(after)];
    return { ...draft, claimBytes: Buffer.concat(parts) };
  };
}

function finishedAs(finish: (text: string) => string): Change {
  return (draft) => ({ ...draft, finish });
}
