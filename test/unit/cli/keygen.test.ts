/** Key pairs: what is written where, for whom to read, and that nothing is lost. */
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import { parse } from 'yaml';
import { UsageError } from '../../../src/cli/flags.ts';
import { run } from '../../../src/cli/keygen.ts';
import { parsePublicKeys } from '../../../src/lib/public-keys.ts';
import { fakeNowMs, fakeTerminal } from '../../support/fake-terminal.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

function modeOf(file: string): number {
  return statSync(file).mode & 0o777;
}

function privateKeyOf(file: string) {
  return createPrivateKey(readFileSync(file, 'utf8'));
}

function publicJwkOf(file: string) {
  return createPublicKey(readFileSync(file, 'utf8')).export({ format: 'jwk' });
}

const types = [
  ['ec', [], { kty: 'EC', crv: 'P-256' }],
  ['rsa', ['--bits', '2048'], { kty: 'RSA', e: 'AQAB' }],
  ['ed25519', [], { kty: 'OKP', crv: 'Ed25519' }],
] as const;
const formats = ['public-key', 'certificate', 'jwks'] as const;

describe('keygen', () => {
  for (const [type, more, wanted] of types) {
    for (const format of formats) {
      it(`makes an ${type} key with its public part as ${format}`, async (t) => {
        const at = temporaryFolder(t);
        const terminal = fakeTerminal();
        const args = ['--type', type, ...more, '--format', format, '--out', at('key')];
        assert.equal(await run([...args, '--public-out', at('public')], terminal), 0);
        assert.match(readFileSync(at('key'), 'utf8'), /^-----BEGIN PRIVATE KEY-----\n/);
        assert.deepEqual([modeOf(at('key')), modeOf(at('public'))], [0o600, 0o644]);
        const [{ jwk } = { jwk: {} }, ...others] = parsePublicKeys(
          readFileSync(at('public'), 'utf8'),
        );
        const { kid, ...bare } = jwk;
        assert.deepEqual([bare, others], [publicJwkOf(at('key')), []]);
        assert.deepEqual({ ...bare, ...wanted }, bare);
        const thumbprint = await calculateJwkThumbprint(publicJwkOf(at('key')));
        assert.equal(kid, format === 'jwks' ? thumbprint : undefined);
        assert.match(terminal.printed(), new RegExp(`^# kid: ${thumbprint}$`, 'm'));
        assert.deepEqual(parse(terminal.printed()), { keys: [{ file: at('public') }] });
        assert.doesNotMatch(terminal.printed() + terminal.noted(), /PRIVATE/);
      });

      it(`prints ${type} as ${format} ready to paste when there is no file for it`, async (t) => {
        const at = temporaryFolder(t);
        const terminal = fakeTerminal();
        await run(['--type', type, ...more, '--format', format, '--out', at('key')], terminal);
        const [source] = parse(terminal.printed()).keys;
        const text = format === 'jwks' ? JSON.stringify(source.jwks) : source.pem;
        const [{ jwk } = { jwk: {} }] = parsePublicKeys(text);
        assert.equal(jwk['x'] ?? jwk['n'], publicJwkOf(at('key')).x ?? publicJwkOf(at('key')).n);
        assert.doesNotMatch(terminal.printed(), /PRIVATE|"?\bd"?:/);
      });
    }
  }

  it('makes RSA keys of 3072 bits unless it is told', async (t) => {
    const at = temporaryFolder(t);
    await run(['--type', 'rsa', '--out', at('key')], fakeTerminal());
    assert.equal(privateKeyOf(at('key')).asymmetricKeyDetails?.modulusLength, 3072);
  });

  it('names a key set as its tokens will be signed', async (t) => {
    const at = temporaryFolder(t);
    await run(['--format', 'jwks', '--out', at('key'), '--public-out', at('jwks')], fakeTerminal());
    const [jwk] = JSON.parse(readFileSync(at('jwks'), 'utf8')).keys;
    assert.deepEqual([jwk.alg, jwk.use, 'd' in jwk], ['ES256', 'sig', false]);
  });

  it('makes a certificate of the subject and the days that are asked for', async (t) => {
    const at = temporaryFolder(t);
    const certificate = ['--format', 'certificate', '--public-out', at('crt')];
    const subject = 'CN=ci, O=Example\\, Inc., C=CH';
    const args = ['--out', at('key'), ...certificate, '--subject', subject, '--days', '30'];
    await run(args, fakeTerminal());
    const made = new X509Certificate(readFileSync(at('crt')));
    assert.equal(made.subject, 'CN=ci\nO=Example\\, Inc.\nC=CH');
    assert.equal(made.issuer, made.subject);
    assert.ok(made.verify(made.publicKey));
    assert.ok(!made.ca);
    assert.equal(made.validFromDate.getTime(), fakeNowMs - 3_600_000);
    assert.equal(made.validToDate.getTime(), fakeNowMs + 30 * 86_400_000);
  });

  it('overwrites neither file, and leaves nothing half done', async (t) => {
    const at = temporaryFolder(t);
    writeFileSync(at('there'), 'precious');
    for (const args of [
      ['--out', at('there'), '--public-out', at('new')],
      ['--out', at('new'), '--public-out', at('there')],
    ]) {
      await assert.rejects(run(args, fakeTerminal()), {
        message: `${at('there')} is there already: choose another name, or replace it with --force`,
      });
    }
    assert.equal(readFileSync(at('there'), 'utf8'), 'precious');
    assert.ok(!existsSync(at('new')));
  });

  it('replaces what is there with --force, and a file that others could read is theirs no more', async (t) => {
    const at = temporaryFolder(t);
    writeFileSync(at('key'), 'old');
    chmodSync(at('key'), 0o644);
    await run(['--out', at('key'), '--force'], fakeTerminal());
    assert.equal(privateKeyOf(at('key')).asymmetricKeyType, 'ec');
    assert.equal(modeOf(at('key')), 0o600);
  });

  it('says which folder is not there', async (t) => {
    const file = temporaryFolder(t)('no/key');
    const message = `${file} can't be written (ENOENT)`;
    await assert.rejects(run(['--out', file], fakeTerminal()), { message });
  });

  for (const [args, says] of [
    [[], '--out is missing'],
    [['--out', 'x', '--type', 'dsa'], '--type must be ec or rsa or ed25519'],
    [['--out', 'x', '--format', 'der'], '--format must be public-key or certificate or jwks'],
    [['--out', 'x', '--bits', '2048'], '--bits is for --type rsa only'],
    [
      ['--out', 'x', '--type', 'rsa', '--bits', '1024'],
      '--bits must be a whole number from 2048 to 8192',
    ],
    [['--out', 'x', '--days', '1'], '--subject and --days are for --format certificate only'],
    [['--out', 'x', '--subject', 'CN=x'], '--subject and --days are for --format certificate only'],
    [['--out', 'x', '--public-out', 'x'], '--out and --public-out are the same file'],
    [
      ['--out', '/no/x', '--format', 'certificate', '--days', '0'],
      '--days must be a whole number from 1 to 36500',
    ],
    [
      ['--out', '/no/x', '--format', 'certificate', '--subject', 'pipeline'],
      '--subject must be like "CN=pipeline, O=Example", of CN, O, OU, L, ST, C',
    ],
    [
      ['--out', '/no/x', '--format', 'certificate', '--subject', 'C=Switzerland'],
      '--subject: C is a country of two letters',
    ],
  ] as const) {
    it(`says ${says}`, async () => {
      await assert.rejects(run(args, fakeTerminal()), new UsageError(says));
    });
  }
});
