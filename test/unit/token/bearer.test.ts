/** Where a token may stand in a request, and every way there is to send two. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DenyReason } from '../../../src/denial/reasons.ts';
import { readBearerToken, type CredentialHeaders } from '../../../src/token/bearer.ts';
import { denialOf } from '../../support/denials.ts';

type Lines = readonly string[];

const prefix = 'base64url.bearer.authorization.k8s.io.';
const encode = (token: string): string => prefix + Buffer.from(token).toString('base64url');

const tokens: readonly (readonly [what: string, line: string, token: string])[] = [
  ['the scheme in lower case', 'bearer token', 'token'],
  ['the scheme in any case', 'BEAreR token', 'token'],
  ['more words after the token', 'bearer token some-other-string', 'token'],
  ['white space around', ' \tBearer token \t', 'token'],
  ['a token of punctuation', 'Bearer a.b-c_d~e+f/g==', 'a.b-c_d~e+f/g=='],
];

const missing: readonly (readonly [what: string, lines: Lines])[] = [
  ['no header', []],
  ['an empty header', ['']],
  ['a blank header', ['   ']],
  ['the scheme alone', ['bearer']],
  ['the scheme and a space', ['bearer ']],
  ['no space between', ['bearertoken']],
  ['several spaces between', ['bearer     token']],
  ['two spaces between', ['Bearer  token']],
  ['a tab between', ['Bearer\ttoken']],
  ['basic credentials', ['Basic dXNlcjpwYXNz']],
  ['a token without a scheme', ['eyJhbGciOiJSUzI1NiJ9.e30.c2ln']],
  ['another scheme before it', ['Negotiate Bearer token']],
];

const ambiguous: readonly (readonly [what: string, headers: Partial<CredentialHeaders>])[] = [
  ['two lines', { authorization: ['foo bar', 'bearer token'] }],
  ['twice the same line', { authorization: ['Bearer token', 'Bearer token'] }],
  ['an empty line beside it', { authorization: ['', 'Bearer token'] }],
  ['two lines that Envoy joined', { authorization: ['Bearer one,Bearer two'] }],
  ['two lines that Envoy joined, the first empty', { authorization: [',Bearer token'] }],
  ['basic credentials that Envoy joined to it', { authorization: ['Basic dXNlcjo,Bearer token'] }],
  [
    'a token in both places',
    { authorization: ['Bearer token'], subprotocols: [`${encode('token')}, v5`] },
  ],
  [
    'a token in both places, without a WebSocket',
    { authorization: ['Bearer token'], subprotocols: [encode('token')], websocket: false },
  ],
  [
    'basic credentials and a token in a subprotocol',
    { authorization: ['Basic dXNlcjo'], subprotocols: [`${encode('token')}, v5`] },
  ],
  ['two tokens in one line', { subprotocols: [`${encode('one')}, v5, ${encode('two')}`] }],
  ['two tokens in two lines', { subprotocols: [encode('one'), `v5, ${encode('two')}`] }],
  ['twice the same token', { subprotocols: [`${encode('one')},v5,${encode('one')}`] }],
];

const offered: readonly (readonly [what: string, lines: Lines, left: string])[] = [
  ['before another', [`${encode('token')}, v5.channel.k8s.io`], 'v5.channel.k8s.io'],
  ['after another', [`v5.channel.k8s.io,${encode('token')}`], 'v5.channel.k8s.io'],
  ['between others', [`v5,${encode('token')} , v4`], 'v5,v4'],
  ['on a line of its own', ['v5, v4', encode('token')], 'v5,v4'],
];

const subprotocolFaults: readonly (readonly [what: string, line: string, reason: DenyReason])[] = [
  ['alone', encode('token'), 'token_missing'],
  ['beside nothing but a comma', `${encode('token')}, `, 'token_missing'],
  ['that is empty', `${prefix}, v5`, 'token_malformed'],
  ['with padding', `${prefix}dG9rZQ==, v5`, 'token_malformed'],
  ['in plain base64', `${prefix}Pz8/, v5`, 'token_malformed'],
  ['with bits left over', `${prefix}dG9rZX, v5`, 'token_malformed'],
  ['that is not encoded', `${prefix}a.b.c, v5`, 'token_malformed'],
  ['with a prefix in another case', `B${encode('token').slice(1)}, v5`, 'token_missing'],
];

describe('a bearer token in Authorization', () => {
  for (const [what, line, token] of tokens) {
    it(`is read with ${what}`, () => assert.deepEqual(read({ authorization: [line] }), { token }));
  }
  for (const [what, authorization] of missing) {
    it(`is missing with ${what}`, async () => {
      const { reason, message } = await denialOf(() => read({ authorization }));
      assert.equal(reason, 'token_missing');
      assert.match(message, /send "Authorization: Bearer <token>"$/);
    });
  }
  for (const [what, headers] of ambiguous) {
    it(`is refused with ${what}`, async () => {
      const { reason, message } = await denialOf(() => read(headers));
      assert.equal(reason, 'authorization_ambiguous');
      assert.doesNotMatch(message, /token one|two|dXNlcjo/);
    });
  }

  it('may have 64 KiB and not a byte more', async () => {
    const largest = 'x'.repeat(64 * 1024);
    assert.equal(read({ authorization: [`Bearer ${largest}`] }).token, largest);
    const { reason } = await denialOf(() => read({ authorization: [`Bearer ${largest}x`] }));
    assert.equal(reason, 'token_too_large');
  });

  it('is measured in bytes, not in characters', async () => {
    const line = `Bearer ${'ß'.repeat(32 * 1024)}`;
    assert.equal(read({ authorization: [line] }).token.length, 32 * 1024);
    const { reason } = await denialOf(() => read({ authorization: [`${line}x`] }));
    assert.equal(reason, 'token_too_large');
  });
});

describe('a bearer token in a WebSocket subprotocol', () => {
  for (const [what, subprotocols, left] of offered) {
    it(`is read ${what}, and taken out`, () => {
      assert.deepEqual(read({ subprotocols }), { token: 'token', subprotocols: left });
    });
  }
  for (const [what, line, reason] of subprotocolFaults) {
    it(`is refused ${what}`, async () => {
      assert.equal((await denialOf(() => read({ subprotocols: [line] }))).reason, reason);
    });
  }

  it('counts only on a WebSocket', async () => {
    const subprotocols = [`${encode('token')}, v5`];
    const { reason } = await denialOf(() => read({ subprotocols, websocket: false }));
    assert.equal(reason, 'token_missing');
  });

  it('may have 64 KiB too', async () => {
    const largest = 'x'.repeat(64 * 1024);
    assert.equal(read({ subprotocols: [`${encode(largest)}, v5`] }).token, largest);
    const { reason } = await denialOf(() =>
      read({ subprotocols: [`${encode(`${largest}x`)}, v5`] }),
    );
    assert.equal(reason, 'token_too_large');
  });

  it('leaves subprotocols without a token alone', () => {
    const headers = { authorization: ['Bearer token'], subprotocols: ['v5, v4'] };
    assert.deepEqual(read(headers), { token: 'token' });
  });
});

function read(headers: Partial<CredentialHeaders>): ReturnType<typeof readBearerToken> {
  return readBearerToken({ authorization: [], subprotocols: [], websocket: true, ...headers });
}
