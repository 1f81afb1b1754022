/** What is shown of a token: everything but its signature, its dates in words, and what is wrong with it. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { selfSign } from '../../../src/cli/self-signed.ts';
import { UsageError } from '../../../src/cli/flags.ts';
import { run } from '../../../src/cli/inspect.ts';
import { span } from '../../../src/cli/token-dates.ts';
import { fakeNowMs, fakeTerminal } from '../../support/fake-terminal.ts';
import { createEcKey, createRsaKey, encodePart, signToken } from '../../support/signed-token.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const now = fakeNowMs / 1000;
const ec = createEcKey('k1');
const claims = {
  iss: 'urn:ci',
  sub: 'deploy',
  aud: 'kubernetes',
  jti: '1',
  iat: now - 18,
  nbf: now - 78,
  exp: now + 42,
};

function pem({ publicKey }: typeof ec): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function certificate(days: number, madeAt: number): string {
  return selfSign(ec.privateKey, 'ec', { subject: 'CN=x', days, now: madeAt });
}

async function show(input: string, ...args: readonly string[]) {
  const terminal = fakeTerminal({ input });
  const code = await run(args, terminal);
  assert.equal(terminal.noted(), '');
  return { code, text: terminal.printed() };
}

async function showJson(input: string, ...args: readonly string[]) {
  return JSON.parse((await show(input, '-o', 'json', ...args)).text);
}

describe('inspect', () => {
  it('shows header, claims and dates in words, and not the signature', async () => {
    const token = signToken(ec, claims);
    const { code, text } = await show(`${token}\n`);
    assert.equal(code, 0);
    assert.equal(
      text,
      `header
  alg  "ES256"
  kid  "k1"
claims
  iss  "urn:ci"
  sub  "deploy"
  aud  "kubernetes"
  jti  "1"
  iat  ${now - 18}  2026-11-25T07:59:42Z, issued 18 s ago
  nbf  ${now - 78}  2026-11-25T07:58:42Z, began 1 min 18 s ago
  exp  ${now + 42}  2026-11-25T08:00:42Z, expires in 42 s
signature: not checked; --keys FILE checks it
`,
    );
    for (const format of ['text', 'json']) {
      const shown = await show(token, '-o', format);
      assert.ok(!shown.text.includes(token.split('.')[2] ?? ''), format);
    }
  });

  it('says the same as JSON', async () => {
    assert.deepEqual(await showJson(signToken(ec, claims), '-'), {
      header: { alg: 'ES256', kid: 'k1' },
      claims,
      dates: {
        iat: { at: '2026-11-25T07:59:42Z', words: 'issued 18 s ago' },
        nbf: { at: '2026-11-25T07:58:42Z', words: 'began 1 min 18 s ago' },
        exp: { at: '2026-11-25T08:00:42Z', words: 'expires in 42 s' },
      },
      warnings: [],
    });
  });

  it('reads a file, and a token with the words before it that headers have', async (t) => {
    const file = temporaryFolder(t)('token');
    for (const words of ['', 'Bearer ', 'bearer  ', 'Authorization: Bearer ']) {
      writeFileSync(file, `\n ${words}${signToken(ec, claims)} \n`);
      assert.deepEqual((await showJson('', file)).claims, claims);
    }
  });

  for (const argument of [signToken(ec, claims), `Bearer ${signToken(ec, claims)}`]) {
    it('refuses a token among its arguments without repeating it', async () => {
      await assert.rejects(
        show('', argument),
        new UsageError(
          'the token itself is among the arguments, and so in the history of the shell: give it on standard input, or in a file',
        ),
      );
    });
  }

  const rows: readonly (readonly [
    what: string,
    claims: object,
    header: Readonly<Record<string, unknown>>,
    warnings: readonly RegExp[],
  ])[] = [
    ['no exp', { exp: undefined }, {}, [/^no exp: it would never end/]],
    ['no jti', { jti: undefined }, {}, [/^no jti/]],
    ['no iat', { iat: undefined }, {}, [/^no iat/]],
    ['no issuer', { iss: undefined }, {}, [/^no iss/]],
    ['no audience', { aud: null }, {}, [/^no aud/]],
    ['no subject', { sub: undefined }, {}, [/^no sub/]],
    ['an end that is over', { exp: now - 1 }, {}, [/^exp: it has expired/]],
    ['an end before its beginning', { iat: now - 5, exp: now - 10 }, {}, [/expired/, /before iat/]],
    ['a day of life', { iat: now, exp: now + 86_400 }, {}, []],
    ['more than a day of life', { iat: now, exp: now + 90_000 }, {}, [/^lifetime 1 d 1 h: /]],
    ['a future iat', { iat: now + 5 }, {}, [/^iat: it lies in the future/]],
    ['an nbf within the leeway', { nbf: now + 60 }, {}, []],
    ['an nbf beyond the leeway', { nbf: now + 61 }, {}, [/^nbf: it is not valid yet/]],
    ['alg none', {}, { alg: 'none' }, [/^alg none: it is not signed/]],
    ['a shared secret', {}, { alg: 'HS256' }, [/^alg HS256: whoever can verify it/]],
    ['an unknown alg', {}, { alg: 'ES256K' }, [/^alg: it is none that is accepted/]],
    ['no alg', {}, { alg: undefined }, [/^no alg/]],
    ['crit', {}, { crit: ['b64'] }, [/^crit: it demands/]],
    ['a claim in another spelling', { EXP: 1 }, {}, [/^form: a registered claim/]],
  ];
  for (const [what, more, header, warnings] of rows) {
    it(`warns of a token with ${what} ${warnings.length === 0 ? 'not at all' : 'in words'}`, async () => {
      const token = signToken(ec, { ...claims, ...more }, header, 'ES256');
      const { warnings: found } = await showJson(token);
      assert.equal(found.length, warnings.length, found.join('\n'));
      for (const [index, pattern] of warnings.entries()) assert.match(found[index], pattern);
      const { text } = await show(token);
      assert.equal(text.includes('\nwarnings\n  - '), warnings.length > 0);
    });
  }

  it('warns of a token without a signature', async () => {
    const input = `${encodePart({ alg: 'none' })}.${encodePart(claims)}.`;
    const { warnings } = await showJson(input);
    assert.deepEqual(
      warnings.map((one: string) => one.split(':')[0]),
      ['alg none', 'no signature', 'form'],
    );
  });

  it('sends nothing to a terminal that a terminal obeys', async () => {
    const evil = { name: '\u001b[2J\u009b1m\u202eX\u2028\u0000', '\u001b]0;x\u0007': 1 };
    const { text } = await show(signToken(ec, { ...claims, ...evil }));
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    assert.match(text, /\\u\{202e\}X/);
  });

  it('makes nothing of dates that are none', async () => {
    for (const exp of ['soon', 1e300, null, {}, true]) {
      const { dates } = await showJson(signToken(ec, { ...claims, exp }));
      assert.deepEqual(Object.keys(dates), ['iat', 'nbf']);
    }
  });

  const header = encodePart({ alg: 'ES256' });
  for (const [what, input, says] of [
    ['nothing', ' \n', 'there is no token: what was read is empty'],
    [
      'words',
      'S3cret',
      'what was read is no JWT: a JWT has three parts with dots between them, not 1',
    ],
    [
      'an encrypted token',
      'a.b.c.d.e',
      'the token is encrypted (a JWE): only the holder of its key can read it',
    ],
    [
      'words with dots',
      'S3cret.b.c',
      'what was read is no JWT: its first part is no JSON object in base64url',
    ],
    [
      'claims that are none',
      `${header}.${encodePart('[]')}.c`,
      'what was read is no JWT: its second part is no JSON object in base64url',
    ],
  ] as const) {
    it(`refuses ${what} without repeating it`, async () => {
      await assert.rejects(show(input), new Error(says));
    });
  }

  it('says which file is not there', async () => {
    await assert.rejects(show('', '/none'), { message: "inspect: /none can't be read (ENOENT)" });
  });
});

describe('inspect --keys', () => {
  const rsa = createRsaKey('k2');
  const ed = generateKeyPairSync('ed25519');
  for (const [what, keys, code, says] of [
    ['its public key', pem(ec), 0, 'valid: by the key of FILE'],
    ['its key behind another', `${pem(rsa)}${pem(ec)}`, 0, 'valid: by key 2 of FILE'],
    ['a key set', JSON.stringify({ keys: [rsa.jwk, ec.jwk] }), 0, 'valid: by key 2 of FILE'],
    ['a certificate', certificate(1, fakeNowMs), 0, 'valid: by the key of FILE'],
    [
      'a certificate that has ended',
      certificate(1, fakeNowMs - 3 * 86_400_000),
      1,
      'not valid: it is by the key of FILE, whose certificate is not valid now',
    ],
    ['another key', pem(rsa), 1, 'not valid: it is not by the key of FILE'],
    [
      'other keys',
      JSON.stringify({ keys: [rsa.jwk, ed.publicKey.export({ format: 'jwk' })] }),
      1,
      'not valid: it is not by any of the 2 keys of FILE',
    ],
  ] as const) {
    it(`given ${what} says ${says}`, async (t) => {
      const file = temporaryFolder(t)('keys');
      writeFileSync(file, keys);
      const shown = await show(signToken(ec, claims, { kid: 'unknown' }), '--keys', file);
      assert.equal(shown.code, code);
      const line = `signature: ${says.replace('FILE', file)}`;
      assert.ok(shown.text.split('\n').includes(line), shown.text);
      const { signature } = await showJson(signToken(ec, claims), '--keys', file);
      assert.deepEqual(signature, { isValid: code === 0, words: says.replace('FILE', file) });
    });
  }

  it('is not deceived by alg none, or by a public key as a secret', async (t) => {
    const file = temporaryFolder(t)('keys');
    writeFileSync(file, pem(ec));
    for (const alg of ['none', 'HS256', 'RS256']) {
      const token = signToken(ec, claims, { alg }, 'ES256');
      assert.equal((await show(token, '--keys', file)).code, 1, alg);
    }
  });

  it('names the file that holds no public keys', async (t) => {
    const file = temporaryFolder(t)('keys');
    writeFileSync(file, ec.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await assert.rejects(show(signToken(ec, claims), '--keys', file), {
      message: `--keys: ${file}: it holds a private key: give the public key or the certificate only`,
    });
  });
});

describe('a length of time', () => {
  for (const [seconds, words] of [
    [0, '0 s'],
    [42, '42 s'],
    [60, '1 min'],
    [185, '3 min 5 s'],
    [3_600, '1 h'],
    [3_601, '1 h'],
    [90_061, '1 d 1 h'],
    [10 * 86_400, '10 d'],
  ] as const) {
    it(`of ${seconds} s is ${words}`, () => {
      assert.equal(span(seconds), words);
    });
  }
});
