/** What is a JWT in compact form, and what only looks like one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseClaims, parseCompactToken } from '../../../src/token/compact-token.ts';
import { denialOf } from '../../support/denials.ts';
import { encodePart } from '../../support/signed-token.ts';

const header = encodePart({ alg: 'RS256' });
const claims = encodePart({ iss: 'https://issuer.example', sub: 'secret-name' });

const malformed: readonly (readonly [what: string, text: string])[] = [
  ['nothing', ''],
  ['a word', 'token'],
  ['dots alone', '..'],
  ['two parts', `${header}.${claims}`],
  ['four parts', `${header}.${claims}.sig.x`],
  ['a JWE of five parts', `${header}.key.iv.${claims}.tag`],
  ['a JWE whose key is empty', `${header}..iv.${claims}.tag`],
  ['no header', `.${claims}.sig`],
  ['no payload (detached)', `${header}..sig`],
  ['no signature', `${header}.${claims}.`],
  ['padding', `${header}.${claims}.c2ln==`],
  ['plain base64', `${header}.${claims}.a+/b`],
  ['white space in a part', `${header}.${claims}. c2ln`],
  ['a line break at the end', `${header}.${claims}.c2ln\n`],
  ['a line break in the payload', `${header}.${claims.slice(0, 8)}\n${claims.slice(8)}.c2ln`],
  [
    'the JSON serialisation',
    JSON.stringify({ protected: header, payload: claims, signature: 's' }),
  ],
  ['letters beyond ASCII', `${header}.${claims}.größe`],
  ['a header that is no JSON', `${encodePart('alg')}.${claims}.sig`],
  ['a header that is a list', `${encodePart('["RS256"]')}.${claims}.sig`],
  ['a header that is null', `${encodePart('null')}.${claims}.sig`],
  ['a header that is a text', `${encodePart('"RS256"')}.${claims}.sig`],
  ['a payload that is no JSON', `${header}.${encodePart('secret-name')}.sig`],
  ['a payload that is a list', `${header}.${encodePart('["secret-name"]')}.sig`],
  ['a payload that is null', `${header}.${encodePart('null')}.sig`],
  ['a payload that is a number', `${header}.${encodePart('7')}.sig`],
  ['a payload with more behind it', `${header}.${encodePart('{} {}')}.sig`],
  ['a payload with a byte order mark', `${header}.${encodePart('\ufeff{}')}.sig`],
  ['a payload with a trailing comma', `${header}.${encodePart('{"sub":"secret-name",}')}.sig`],
  ['a payload of brackets', `${header}.${encodePart('['.repeat(40_000))}.sig`],
  ['a payload of open objects', `${header}.${encodePart('{"a":'.repeat(9_000))}.sig`],
];

const twice: readonly (readonly [what: string, json: string])[] = [
  ['a name twice', '{"iss":"https://first.example","iss":"https://last.example"}'],
  ['a name twice with white space before the colon', '{"a":1,"a"\n\t :2}'],
  ['a name twice, once with an escape', String.raw`{"sub":"a","\u0073ub":"b"}`],
  ['a name twice that ends in a backslash', String.raw`{"a\\":1,"a\\":2}`],
  ['a name twice in an object in a list', '{"a":[{},{"b":[1,2],"c":1,"b":2}]}'],
  ['a name twice around an object', '{"a":{"b":1},"c":2,"a":3}'],
  ['the empty name twice', '{"":1,"":2}'],
  ['__proto__ twice', '{"__proto__":1,"__proto__":2}'],
  ['two names that are one in Go', String.raw`{"\ud800":1,"\udfff":2}`],
];

const once: readonly string[] = [
  '{"a":{"a":{"a":1}},"b":{"a":2}}',
  '{"a":["a","a"],"b":"a"}',
  '{"a":"\\"a\\":1,\\"a\\":","b":"{"}',
  '{"a":[{"a":1},{"a":2}]}',
  '{"a":1,"A":2}',
];

const misspelt: readonly string[] = [
  '{"EXP":1}',
  '{"i\u017fs":7}',
  '{"_claim_\u017fources":7}',
  '{"_claim_sources":{"a":{"Endpoint":7}}}',
  '{"_claim_sources":{"a":{"acce\u017f\u017f_token":"x"}}}',
  '{"_claim_names":{"a":""},"_claim_sources":{"":{}}}',
];

describe('parseCompactToken', () => {
  for (const [what, text] of malformed) {
    it(`refuses ${what}, and quotes nothing of it`, async () => {
      const { reason, message, cause } = await denialOf(() => parseCompactToken(text));
      assert.equal(reason, 'token_malformed');
      assert.match(message, /^the bearer token is not a signed JWT/);
      assert.equal(cause, undefined);
    });
  }

  it('takes the parts of a JWS apart', () => {
    const text = `${header}.${claims}.c2ln`;
    assert.deepEqual(parseCompactToken(text), {
      text,
      header: { alg: 'RS256' },
      claims: { iss: 'https://issuer.example', sub: 'secret-name' },
    });
  });

  it('refuses the deepest nesting that fits into a token, as Go does, and survives it', async () => {
    const deep = `{"iss":"x","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
    const { reason } = await denialOf(() => parseCompactToken(`${header}.${encodePart(deep)}.sig`));
    assert.equal(reason, 'token_malformed');
  });

  for (const [what, json] of twice) {
    it(`refuses ${what}, in the header and in the payload`, async () => {
      for (const parts of [`${encodePart(json)}.${claims}`, `${header}.${encodePart(json)}`]) {
        const { reason, message } = await denialOf(() => parseCompactToken(`${parts}.sig`));
        assert.equal(reason, 'token_malformed');
        assert.equal(message, 'the token says something twice: a name is there two times');
      }
    });
  }

  for (const json of once) {
    it(`finds no name twice in ${json}`, () => {
      assert.ok(parseCompactToken(`${header}.${encodePart(json)}.sig`));
    });
  }

  for (const json of misspelt) {
    it(`refuses claims that Go reads for others: ${json}`, async () => {
      const { reason } = await denialOf(() => parseCompactToken(`${header}.${encodePart(json)}.s`));
      assert.equal(reason, 'token_claim');
    });
  }

  it('changes no prototype for a claim called __proto__', () => {
    const payload = encodePart('{"iss":"x","__proto__":{"admin":true}}');
    const token = parseCompactToken(`${header}.${payload}.sig`);
    assert.equal(Object.getPrototypeOf(token.claims), Object.prototype);
    assert.equal(token.claims['admin'], undefined);
    assert.equal(Reflect.get({}, 'admin'), undefined);
  });
});

describe('parseClaims', () => {
  it('reads the bytes that were signed', () => {
    assert.deepEqual(parseClaims(Buffer.from('{"sub":"größe"}')), { sub: 'größe' });
  });

  for (const text of ['', 'null', '[]', '"x"', '{']) {
    it(`refuses ${JSON.stringify(text)}`, async () => {
      const denial = await denialOf(() => parseClaims(Buffer.from(text)));
      assert.equal(denial.reason, 'token_malformed');
    });
  }
});
