/** Which issuer a token is of, and what is remembered of it: never longer, never more than was proven. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuthenticator as create } from '../../../src/token/authenticator.ts';
import type { Issuer } from '../../../src/token/issuer.ts';
import type { Proof } from '../../../src/token/verifier.ts';
import type { KeySet } from '../../../src/token/key-set.ts';
import { denialOf } from '../../support/denials.ts';
import { plainRules } from '../../support/issuer-rules.ts';
import {
  createEcKey,
  fixedKeys,
  keySetOf,
  signToken,
  type TestKey,
} from '../../support/signed-token.ts';

const start = 1_800_000_000;
const url = 'https://issuer.example';
const key = createEcKey('k');
const claims = { iss: url, aud: 'kubernetes', exp: start + 60, sub: 'alice' };

const notOurs: readonly (readonly [what: string, iss: unknown])[] = [
  ['another issuer', 'https://other.example'],
  ['none', undefined],
  ['null', null],
  ['a number', 7],
  ['a list with the issuer', [url]],
  ['an object', { url }],
  ['an empty text', ''],
  ['the issuer with a slash', `${url}/`],
  ['the issuer in capitals', url.toUpperCase()],
  ['the issuer with a space', `${url} `],
  ['the issuer without a scheme', 'issuer.example'],
  ['the name of the entry', 'people'],
  ['what every JavaScript object has', '__proto__'],
  ['a method of maps', 'constructor'],
];

/** One that is not pressed for time. */
function createAuthenticator(...args: Parameters<typeof create>): {
  readonly authenticate: (token: string) => Proof | Promise<Proof>;
} {
  const { authenticate } = create(...args);
  return { authenticate: (token) => authenticate(token, Infinity) };
}

describe('the issuer of a token', () => {
  for (const [what, iss] of notOurs) {
    it(`is unknown with ${what} for "iss"`, async () => {
      const { authenticate } = createAuthenticator([issuer()], { now });
      const { reason, message } = await denialOf(() =>
        authenticate(signToken(key, { ...claims, iss })),
      );
      const isText = iss === undefined || iss === null || typeof iss === 'string';
      assert.equal(reason, isText ? 'issuer_unknown' : 'token_claim');
      assert.doesNotMatch(message, /example|alice/);
    });
  }

  it('is unknown when nobody is configured', async () => {
    const { authenticate } = createAuthenticator([], { now });
    const denial = await denialOf(() => authenticate(signToken(key, claims)));
    assert.equal(denial.reason, 'issuer_unknown');
  });

  it('is Google under the name it had of old, and nobody else is', async () => {
    const google = { ...issuer(), url: 'https://accounts.google.com' };
    const { authenticate } = createAuthenticator([google], { now });
    const token = signToken(key, { ...claims, iss: 'accounts.google.com' });
    assert.equal((await authenticate(token)).identity.username, 'alice');
    const { authenticate: elsewhere } = createAuthenticator([issuer()], { now });
    assert.equal((await denialOf(() => elsewhere(token))).reason, 'issuer_unknown');
  });

  it('is chosen by "iss" alone, though another has a key of the same kid', async () => {
    const otherKey = createEcKey('k');
    const others = issuer({ name: 'others', keys: [otherKey], url: 'https://other.example' });
    const { authenticate } = createAuthenticator([issuer(), others], { now });
    const forged = signToken(otherKey, claims);
    assert.equal((await denialOf(() => authenticate(forged))).reason, 'token_signature');
    const honest = await authenticate(signToken(otherKey, { ...claims, iss: others.url }));
    assert.equal(honest.issuer, 'others');
  });

  it('is refused when it is there twice', async () => {
    const { authenticate } = createAuthenticator([issuer()], { now });
    const twice = JSON.stringify(claims).replace('{', `{"iss":"https://other.example",`);
    const { reason } = await denialOf(() => authenticate(signToken(key, twice)));
    assert.equal(reason, 'token_malformed');
  });
});

describe('the memory of verified tokens', () => {
  it('answers the second time without verifying and without waiting', async () => {
    const counted = countedIssuer();
    const { authenticate } = createAuthenticator([counted], { now });
    const token = signToken(key, claims);
    const first = await authenticate(token);
    const second = authenticate(token);
    assert.ok(!(second instanceof Promise));
    assert.equal(second, first);
    assert.equal(counted.verified(), 1);
  });

  it('lasts until the token expires, to the second and not a moment longer', async () => {
    let seconds = start;
    const { authenticate } = createAuthenticator([issuer()], { now: () => seconds * 1000 });
    const token = signToken(key, claims);
    await authenticate(token);
    seconds = claims.exp;
    assert.ok(!(authenticate(token) instanceof Promise));
    seconds = claims.exp + 0.001;
    assert.equal((await denialOf(() => authenticate(token))).reason, 'token_expired');
  });

  it('ends when the key of the token is withdrawn', async () => {
    const keys = fixedKeys(key);
    const { authenticate } = createAuthenticator([{ ...issuer(), keys }], { now });
    const token = signToken(key, claims);
    await authenticate(token);
    keys.publish(keySetOf(createEcKey('other')));
    assert.equal((await denialOf(() => authenticate(token))).reason, 'token_key_unknown');
  });

  it('ends when the key of the token is replaced by another of its kid', async () => {
    const keys = fixedKeys(key);
    const { authenticate } = createAuthenticator([{ ...issuer(), keys }], { now });
    const token = signToken(key, claims);
    await authenticate(token);
    keys.publish(keySetOf(createEcKey('k')));
    assert.equal((await denialOf(() => authenticate(token))).reason, 'token_signature');
  });

  it('ends when the keys have become too old', async () => {
    const keys = fixedKeys(key);
    const { authenticate } = createAuthenticator([{ ...issuer(), keys }], { now });
    const token = signToken(key, claims);
    await authenticate(token);
    keys.publish(undefined);
    assert.equal((await denialOf(() => authenticate(token))).reason, 'issuer_unavailable');
  });

  it('is refreshed when a new set still has the key', async () => {
    const keys = fixedKeys(key);
    const { authenticate } = createAuthenticator([{ ...issuer(), keys }], { now });
    const token = signToken(key, claims);
    await authenticate(token);
    keys.publish(keySetOf(key, createEcKey('new')));
    assert.ok(authenticate(token) instanceof Promise);
    await authenticate(token);
    assert.ok(!(authenticate(token) instanceof Promise));
  });

  it('has many checks of one token at the same time wait for one verification', async () => {
    const counted = countedIssuer();
    const { authenticate } = createAuthenticator([counted], { now });
    const token = signToken(key, claims);
    const all = await Promise.all(Array.from({ length: 50 }, async () => authenticate(token)));
    assert.equal(counted.verified(), 1);
    assert.equal(new Set(all).size, 1);
  });

  it('has many checks of one bad token fail together, and the next is tried afresh', async () => {
    const counted = countedIssuer(createEcKey('k'));
    const { authenticate } = createAuthenticator([counted], { now });
    const token = signToken(key, claims);
    const together = Array.from({ length: 5 }, () => denialOf(() => authenticate(token)));
    for (const { reason } of await Promise.all(together)) assert.equal(reason, 'token_signature');
    const once = counted.verified();
    await denialOf(() => authenticate(token));
    assert.equal(counted.verified(), 2 * once);
  });

  it('holds no denial: a token is good once its issuer has published the key', async () => {
    const keys = fixedKeys(createEcKey('other'));
    const { authenticate } = createAuthenticator([{ ...issuer(), keys }], { now });
    const token = signToken(key, claims);
    assert.equal((await denialOf(() => authenticate(token))).reason, 'token_key_unknown');
    keys.publish(keySetOf(key));
    assert.equal((await authenticate(token)).identity.username, 'alice');
  });

  it('holds no denial: a token is good once its time has come', async () => {
    let seconds = start - 120;
    const { authenticate } = createAuthenticator([issuer()], { now: () => seconds * 1000 });
    const token = signToken(key, { ...claims, nbf: start });
    assert.equal((await denialOf(() => authenticate(token))).reason, 'token_not_yet_valid');
    seconds = start;
    assert.equal((await authenticate(token)).identity.username, 'alice');
  });

  it('does not know a token whose signature differs in one letter', async () => {
    const { authenticate } = createAuthenticator([issuer()], { now });
    const token = signToken(key, claims);
    await authenticate(token);
    const [head, body, signature = ''] = token.split('.');
    const other = signature.replace(/^./, signature.startsWith('A') ? 'B' : 'A');
    const { reason } = await denialOf(() => authenticate(`${head}.${body}.${other}`));
    assert.equal(reason, 'token_signature');
  });

  it('holds no more tokens than it may, and forgets the one unused for longest', async () => {
    const counted = countedIssuer();
    const { authenticate } = createAuthenticator([counted], { now, maxRemembered: 2 });
    const [one = '', two = '', three = ''] = ['1', '2', '3'].map((sub) =>
      signToken(key, { ...claims, sub }),
    );
    for (const token of [one, two, one, three]) await authenticate(token);
    assert.equal(counted.verified(), 3);
    assert.ok(!(authenticate(one) instanceof Promise));
    assert.ok(!(authenticate(three) instanceof Promise));
    assert.ok(authenticate(two) instanceof Promise);
  });

  it('holds nothing of tokens that prove nothing, so that they push nobody out', async () => {
    const { authenticate } = createAuthenticator([issuer()], { now, maxRemembered: 1 });
    const good = signToken(key, claims);
    await authenticate(good);
    const garbage = [
      'garbage',
      signToken(key, { ...claims, iss: 'https://other.example' }),
      signToken(key, { ...claims, aud: 'other' }),
      signToken(key, { ...claims, exp: start - 60 }),
      signToken(createEcKey('k'), claims),
      signToken(createEcKey('unknown'), claims),
      good.replace(/^[^.]*/, Buffer.from('{"alg":"none","kid":"k"}').toString('base64url')),
    ];
    for (const token of garbage) await denialOf(() => authenticate(token));
    assert.ok(!(authenticate(good) instanceof Promise));
  });

  it('keeps every user apart', async () => {
    const { authenticate } = createAuthenticator([issuer()], { now });
    const tokens = ['alice', 'bob', 'carol'].map((sub) => signToken(key, { ...claims, sub }));
    const ask = (): Promise<readonly Proof[]> =>
      Promise.all(tokens.map(async (token) => authenticate(token)));
    const names = [...(await ask()), ...(await ask())].map(({ identity }) => identity.username);
    assert.deepEqual(names, ['alice', 'bob', 'carol', 'alice', 'bob', 'carol']);
  });
});

function now(): number {
  return start * 1000;
}

interface IssuerOptions {
  readonly name?: string;
  readonly url?: string;
  readonly keys?: readonly TestKey[];
}

function issuer({ name = 'people', url: at = url, keys = [key] }: IssuerOptions = {}): Issuer {
  return { url: at, rules: { ...plainRules, name }, keys: fixedKeys(...keys) };
}

/** An issuer that tells how often its keys were used. */
function countedIssuer(signingKey = key): Issuer & { verified(): number } {
  let count = 0;
  const set = keySetOf(signingKey);
  const counted: KeySet = {
    ...set,
    candidates: (kid) =>
      set.candidates(kid).map((candidate) => ({
        ...candidate,
        importFor: (algorithm) => {
          count += 1;
          return candidate.importFor(algorithm);
        },
      })),
  };
  const keys = fixedKeys();
  keys.publish(counted);
  return { ...issuer(), keys, verified: () => count };
}
