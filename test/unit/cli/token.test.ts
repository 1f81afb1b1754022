/** Tokens that pipelines sign: claims, header, signature, and what is refused. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { calculateJwkThumbprint, compactVerify, decodeJwt, decodeProtectedHeader } from 'jose';
import { UsageError } from '../../../src/cli/flags.ts';
import { run } from '../../../src/cli/token.ts';
import { fakeNowMs, fakeTerminal } from '../../support/fake-terminal.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const now = fakeNowMs / 1000;
const who = ['--issuer', 'urn:ci', '--subject', 'deploy', '--audience', 'kubernetes'];

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pairs = {
  rsa,
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed25519: generateKeyPairSync('ed25519'),
} satisfies Record<string, Pair>;

function keyFile(t: TestContext, { privateKey }: Pair): string {
  const file = temporaryFolder(t)('key');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(file, pem, { mode: 0o600 });
  return file;
}

async function mint(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const terminal = fakeTerminal({ env });
  assert.equal(await run([...who, ...args], terminal), 0);
  assert.match(terminal.printed(), /^[\w-]+\.[\w-]+\.[\w-]+\n$/, 'the token and nothing else');
  assert.equal(terminal.noted(), '');
  return terminal.printed().trim();
}

const signatures = [
  ['rsa', [], 'RS256'],
  ['rsa', ['--alg', 'RS512'], 'RS512'],
  ['rsa', ['--alg', 'PS256'], 'PS256'],
  ['rsa', ['--alg', 'PS384'], 'PS384'],
  ['P-256', [], 'ES256'],
  ['P-384', [], 'ES384'],
  ['P-521', ['--alg', 'ES512'], 'ES512'],
  ['ed25519', [], 'EdDSA'],
] as const;

describe('token', () => {
  for (const [name, flags, alg] of signatures) {
    it(`signs by ${alg} with a key of ${name}, and names the key by its thumbprint`, async (t) => {
      const pair = pairs[name];
      const token = await mint(['--key', keyFile(t, pair), ...flags]);
      const kid = await calculateJwkThumbprint(pair.publicKey.export({ format: 'jwk' }));
      assert.deepEqual(decodeProtectedHeader(token), { alg, kid, typ: 'JWT' });
      await compactVerify(token, pair.publicKey, { algorithms: [alg] });
    });
  }

  it('says who, to whom, and for one minute, unless it is told otherwise', async (t) => {
    const { jti, ...claims } = decodeJwt(await mint(['--key', keyFile(t, rsa)]));
    const dates = { iat: now, nbf: now - 60, exp: now + 60 };
    assert.deepEqual(claims, { iss: 'urn:ci', sub: 'deploy', aud: 'kubernetes', ...dates });
    assert.match(
      jti ?? '',
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('takes audiences, a lifetime, claims and the name of the key', async (t) => {
    const flags = ['--audience', 'other', '--ttl', '1h30m', '--kid', 'mine'];
    const values = {
      team: 'a=b',
      n: 1,
      deep: { list: [null, true] },
      constructor: 'x',
      __proto__: 'y',
    };
    const claims = Object.entries(values).map(
      ([key, one]) => `--claim=${key}=${JSON.stringify(one)}`,
    );
    const token = await mint([
      '--key',
      keyFile(t, rsa),
      ...flags,
      ...claims,
      '--claim=__proto__="y"',
    ]);
    const { iat, exp = 0, aud, ...more } = decodeJwt(token);
    assert.deepEqual(aud, ['kubernetes', 'other']);
    assert.equal(exp - (iat ?? 0), 5_400);
    assert.equal(decodeProtectedHeader(token).kid, 'mine');
    for (const [key, one] of Object.entries(values)) assert.deepEqual(more[key], one, key);
    assert.equal(Object.getOwnPropertyDescriptor(more, '__proto__')?.value, 'y');
  });

  it('never gives the same jti twice', async (t) => {
    const key = keyFile(t, pairs['P-256']);
    const tokens = await Promise.all(Array.from({ length: 200 }, () => mint(['--key', key])));
    assert.equal(new Set(tokens.map((one) => decodeJwt(one).jti)).size, 200);
  });

  it('signs with a key of the environment', async () => {
    const pem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await compactVerify(await mint(['--key-env', 'CI_KEY'], { CI_KEY: pem }), rsa.publicKey);
  });

  it('has a JWK sign as the JWK says', async (t) => {
    const file = temporaryFolder(t)('key.jwk');
    const jwk = { ...rsa.privateKey.export({ format: 'jwk' }), alg: 'PS512', kid: 'k1' };
    writeFileSync(file, JSON.stringify(jwk), { mode: 0o600 });
    const token = await mint(['--key', file]);
    assert.deepEqual(decodeProtectedHeader(token), { alg: 'PS512', kid: 'k1', typ: 'JWT' });
    await compactVerify(token, rsa.publicKey);
  });

  for (const [name, alg, command] of [
    ['rsa', 'RS256', 'openssl dgst -sha256 -sign KEY'],
    ['rsa', 'RS256', 'openssl dgst -sha256 -sign KEY | openssl base64'],
    ['P-256', 'ES256', 'openssl dgst -sha256 -sign KEY'],
    ['P-384', 'ES384', 'openssl dgst -sha384 -sign KEY | base64 -w0'],
    ['ed25519', 'EdDSA', 'cat > KEY.in; openssl pkeyutl -sign -rawin -inkey KEY -in KEY.in'],
  ] as const) {
    it(`has ${command} sign by ${alg}`, async (t) => {
      const signer = command.replaceAll('KEY', keyFile(t, pairs[name]));
      const token = await mint(['--signer', signer, '--alg', alg]);
      assert.deepEqual(decodeProtectedHeader(token), { alg, typ: 'JWT' });
      await compactVerify(token, pairs[name].publicKey, { algorithms: [alg] });
    });
  }

  it('says by which algorithms a key signs when another is wanted', async (t) => {
    const key = keyFile(t, pairs['P-256']);
    await assert.rejects(run([...who, '--key', key, '--alg', 'RS256'], fakeTerminal()), {
      message: 'the key signs by ES256 only: change --alg or the key',
    });
  });

  const key = ['--key', '/none'];
  const text = 's3cret';
  for (const [args, says] of [
    [[...who], 'one of --key, --key-env and --signer is missing'],
    [
      [...who, ...key, '--key-env', 'X'],
      'one of --key, --key-env and --signer may be there, not several',
    ],
    [[...who, '--signer', 'x'], '--alg is missing: with --signer nothing else tells the algorithm'],
    [
      [...who, ...key, '--alg', 'HS256'],
      '--alg must be RS256 or RS384 or RS512 or PS256 or PS384 or PS512 or ES256 or ES384 or ES512 or EdDSA',
    ],
    [[...key, '--subject', 'x', '--audience', 'x'], '--issuer is missing'],
    [[...key, '--issuer', 'x', '--audience', 'x'], '--subject is missing'],
    [[...key, '--issuer', 'x', '--subject', 'x'], '--audience is missing'],
    ...['0s', '60', '1.5s', '500ms', '-1s', '1d', 'soon'].map(
      (ttl) =>
        [
          [...who, ...key, `--ttl=${ttl}`],
          '--ttl must be a duration of whole seconds, such as 60s or 10m',
        ] as const,
    ),
    [[...who, ...key, '--claim', text], '--claim must be NAME=JSON'],
    [[...who, ...key, '--claim', `="${text}"`], '--claim must be NAME=JSON'],
    [
      [...who, ...key, '--claim', `team=${text}`],
      `--claim team: its value is not JSON; text has double quotes around it: --claim team='"text"'`,
    ],
    [[...who, ...key, '--claim', 'exp=1'], '--claim exp: it is a claim that the other flags set'],
    [[...who, ...key, '--claim', 'ISS=1'], '--claim ISS: it is a claim that the other flags set'],
    [[...who, ...key, '--claim', 'ſub=1'], '--claim ſub: it is a claim that the other flags set'],
    [[...who, ...key, '--claim', 'a=1', '--claim', 'a=2'], '--claim a is there more than once'],
  ] as const) {
    it(`given ${args.slice(-2).join(' ')} says ${says}`, async () => {
      await assert.rejects(run(args, fakeTerminal()), new UsageError(says));
    });
  }
});
