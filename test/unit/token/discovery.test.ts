/** From an issuer's URL to its keys, and every answer on the way that is not believed. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { discoverKeys } from '../../../src/token/discovery.ts';
import { createEcKey, keySetOf } from '../../support/signed-token.ts';

const issuerURL = 'https://issuer.example';
const wellKnown = `${issuerURL}/.well-known/openid-configuration`;
const jwksURL = 'https://keys.example/jwks';
const key = createEcKey('k');
const document = { issuer: issuerURL, jwks_uri: jwksURL };

const places: readonly (readonly [
  what: string,
  issuer: string,
  discovery: string | undefined,
  asked: string,
])[] = [
  ['below the URL', issuerURL, undefined, wellKnown],
  [
    'below a URL with a path',
    `${issuerURL}/a/b`,
    undefined,
    `${issuerURL}/a/b/.well-known/openid-configuration`,
  ],
  ['below a URL that ends in a slash, without doubling it', `${issuerURL}/`, undefined, wellKnown],
  ['at the discoveryURL, word for word', issuerURL, 'https://d.example/x', 'https://d.example/x'],
];

const notBelieved: readonly (readonly [what: string, document: unknown, problem: RegExp])[] = [
  ['null', null, /the answer is not a discovery document$/],
  ['a list', [document], /the answer is not a discovery document$/],
  ['a text', 'issuer', /the answer is not a discovery document$/],
  ['an empty object', {}, /of another issuer, not of https:\/\/issuer\.example$/],
  ['another issuer', { ...document, issuer: 'https://evil.example' }, /of another issuer/],
  ['the issuer with a slash', { ...document, issuer: `${issuerURL}/` }, /of another issuer/],
  [
    'the issuer in capitals',
    { ...document, issuer: 'https://ISSUER.example' },
    /of another issuer/,
  ],
  ['the issuer in a list', { ...document, issuer: [issuerURL] }, /of another issuer/],
  ['no key set', { issuer: issuerURL }, /the document has no jwks_uri$/],
  ['a key set that is no URL', { ...document, jwks_uri: { url: jwksURL } }, /has no jwks_uri$/],
];

describe('discoverKeys', () => {
  for (const [what, issuer, discoveryURL, asked] of places) {
    it(`asks ${what}`, async () => {
      const urls: string[] = [];
      const set = await discoverKeys({
        issuerURL: issuer,
        discoveryURL,
        getJson: async (url) => {
          urls.push(url);
          return url === jwksURL ? { keys: [key.jwk] } : { ...document, issuer };
        },
      });
      assert.deepEqual(urls, [asked, jwksURL]);
      assert.equal(set.fingerprint, keySetOf(key).fingerprint);
    });
  }

  for (const [what, answer, problem] of notBelieved) {
    it(`does not believe a document of ${what}, and asks no further`, async () => {
      const urls: string[] = [];
      const getJson = async (url: string): Promise<unknown> => {
        urls.push(url);
        return answer;
      };
      await assert.rejects(discoverKeys({ issuerURL, getJson }), (error: Error) => {
        assert.match(error.message, /^GET https:\/\/issuer\.example\/\.well-known\/openid-conf/);
        assert.match(error.message, problem);
        return true;
      });
      assert.deepEqual(urls, [wellKnown]);
    });
  }

  it('says which key set was not usable', async () => {
    const getJson = async (url: string): Promise<unknown> =>
      url === jwksURL ? { keys: {} } : document;
    await assert.rejects(discoverKeys({ issuerURL, getJson }), {
      message: `GET ${jwksURL}: the key set has no list of keys`,
    });
  });

  it('never falls back on anything when the fetch fails', async () => {
    for (const failing of [wellKnown, jwksURL]) {
      const getJson = async (url: string): Promise<unknown> => {
        if (url === failing) throw new Error(`GET ${url}: no`);
        return document;
      };
      await assert.rejects(discoverKeys({ issuerURL, getJson }), { message: `GET ${failing}: no` });
    }
  });

  it('hands the signal on to both fetches', async () => {
    const { signal } = new AbortController();
    const signals: (AbortSignal | undefined)[] = [];
    const getJson = async (url: string, given?: AbortSignal): Promise<unknown> => {
      signals.push(given);
      return url === jwksURL ? { keys: [key.jwk] } : document;
    };
    await discoverKeys({ issuerURL, getJson }, signal);
    assert.deepEqual(signals, [signal, signal]);
  });
});
