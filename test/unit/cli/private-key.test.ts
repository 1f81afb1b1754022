/** Private keys as people have them; what is no such key is refused in words that hold nothing of it. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parsePrivateKey, readKeyFile, readKeyVariable } from '../../../src/cli/private-key.ts';
import { fakeTerminal } from '../../support/fake-terminal.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const small = generateKeyPairSync('rsa', { modulusLength: 1024 });

function pem(key: KeyObject, type: 'pkcs8' | 'pkcs1' | 'sec1' = 'pkcs8'): string {
  return key.export({ type, format: 'pem' }).toString();
}

function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function encrypted(key: KeyObject): string {
  const secret = { cipher: 'aes-128-cbc', passphrase: 'x' };
  return key.export({ type: 'pkcs8', format: 'pem', ...secret }).toString();
}

function jwk(key: KeyObject, more: object = {}): string {
  return JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });
}

const good: readonly (readonly [what: string, text: string, type: string])[] = [
  ['RSA in PKCS #8', pem(rsa.privateKey), 'rsa'],
  ['RSA in PKCS #1', pem(rsa.privateKey, 'pkcs1'), 'rsa'],
  ['EC in PKCS #8', pem(ec.privateKey), 'ec'],
  ['EC in SEC 1', pem(ec.privateKey, 'sec1'), 'ec'],
  ['Ed25519 in PKCS #8', pem(ed.privateKey), 'ed25519'],
  ['RSA as a JWK', jwk(rsa.privateKey), 'rsa'],
  ['EC as a JWK', `\n ${jwk(ec.privateKey)}`, 'ec'],
  ['Ed25519 as a JWK', jwk(ed.privateKey), 'ed25519'],
  ['a key behind its certificate', `Bag attributes\n${pem(ec.privateKey)}`, 'ec'],
];

const bad: readonly (readonly [what: string, text: string, says: RegExp])[] = [
  ['nothing', '', /can't be read: it must be PEM/],
  ['words', 'S3cretWordsThatAreNoKeyAtAllButLong', /can't be read/],
  ['half of a key', pem(ec.privateKey).slice(0, 90), /can't be read/],
  ['half of a JWK', jwk(ec.privateKey).slice(0, -9), /can't be read/],
  ['a public key', publicPem(ec.publicKey), /only the public part/],
  ['a public JWK', jwk(ec.publicKey), /has no private part/],
  ['an encrypted key', encrypted(ec.privateKey), /is encrypted: decrypt it with openssl pkey/],
  ['an encrypted key of old', 'Proc-Type: 4,ENCRYPTED', /is encrypted/],
  ['a weak key', pem(small.privateKey), /less than 2048 bits/],
  ['a key for agreement', pem(generateKeyPairSync('x25519').privateKey), /signs no tokens/],
  [
    'a key of a curve without an algorithm',
    pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey),
    /signs no tokens/,
  ],
  ['a JWK with nonsense', jwk(ed.privateKey, { d: 'AAAA' }), /can't be read/],
];

describe('a private key', () => {
  for (const [what, text, type] of good) {
    it(`is read from ${what}`, () => {
      assert.equal(parsePrivateKey(text, 'the key').key.asymmetricKeyType, type);
    });
  }

  it('brings its own algorithm and name as a JWK', () => {
    const text = jwk(rsa.privateKey, { alg: 'PS256', kid: 'mine' });
    const { algorithm, kid } = parsePrivateKey(text, 'the key');
    assert.deepEqual([algorithm, kid], ['PS256', 'mine']);
  });

  for (const [what, text, says] of bad) {
    it(`is not read from ${what}, and nothing of it is quoted`, () => {
      assert.throws(
        () => parsePrivateKey(text, 'the key'),
        (error: Error) => {
          assert.match(error.message, says);
          assert.match(error.message, /^the key /);
          assert.doesNotMatch(
            error.message + String(error.cause),
            /S3cret|[A-Za-z0-9+/_-]{30}|-----/,
          );
          return true;
        },
      );
    });
  }

  for (const [mode, isWarned] of [
    [0o600, false],
    [0o400, false],
    [0o640, true],
    [0o604, true],
    [0o644, true],
  ] as const) {
    it(`of mode ${mode.toString(8)} is ${isWarned ? '' : 'not '}warned of`, (t) => {
      const file = temporaryFolder(t)('key');
      writeFileSync(file, pem(ec.privateKey));
      chmodSync(file, mode);
      const terminal = fakeTerminal();
      readKeyFile(file, terminal);
      const octal = `0${mode.toString(8)}`;
      const warning = `warning: ${file} is a private key that others may use, too (mode ${octal}): chmod 600 ${file}\n`;
      assert.equal(terminal.noted(), isWarned ? warning : '');
    });
  }

  it('that is not there is named, with the flag', () => {
    const message = "--key: /none/key can't be read (ENOENT)";
    assert.throws(() => readKeyFile('/none/key', fakeTerminal()), { message });
  });

  for (const text of [pem(ec.privateKey), pem(ec.privateKey).replaceAll('\n', '\\n')]) {
    it(`that stands where the name of its file belongs is not quoted`, () => {
      for (const read of [readKeyFile, readKeyVariable]) {
        assert.throws(() => read(text, fakeTerminal()), {
          message:
            /^--key(-env)? wants the name of a (file|variable), and what is there is no name/,
        });
      }
    });

    it('is read from a variable, with line ends or with \\n in their place', () => {
      const terminal = fakeTerminal({ env: { PIPELINE_KEY: text } });
      assert.equal(readKeyVariable('PIPELINE_KEY', terminal).key.asymmetricKeyType, 'ec');
    });
  }

  it('in a variable that is not set is asked for by its name', () => {
    const message = '--key-env: the variable PIPELINE_KEY is not set';
    assert.throws(() => readKeyVariable('PIPELINE_KEY', fakeTerminal()), { message });
  });
});
