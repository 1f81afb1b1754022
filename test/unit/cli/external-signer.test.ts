/** Signers of the person's own: what they get, the forms in which they may answer, and how they fail. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { readSignature, runSigner } from '../../../src/cli/external-signer.ts';

const input = Buffer.from('e30.e30');
const curves = [
  ['ES256', 'P-256'],
  ['ES384', 'P-384'],
  ['ES512', 'P-521'],
] as const;

function rsaSignature(): Buffer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return sign('sha256', input, privateKey);
}

/** What openssl base64 prints: lines of 64 letters. */
function lines(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll(/.{64}/g, '$&\n') + '\n';
}

const forms: readonly (readonly [what: string, write: (signature: Buffer) => Buffer])[] = [
  ['raw bytes', (signature) => signature],
  ['base64url', (signature) => Buffer.from(signature.toString('base64url'))],
  ['base64url and a line end', (signature) => Buffer.from(`${signature.toString('base64url')}\n`)],
  ['base64', (signature) => Buffer.from(signature.toString('base64'))],
  ['base64 in lines', (signature) => Buffer.from(lines(signature))],
];

describe('the signature of an external signer', () => {
  for (const [what, write] of forms) {
    it(`is read from ${what}`, () => {
      const ed = sign(null, input, generateKeyPairSync('ed25519').privateKey);
      assert.deepEqual(readSignature(write(ed), 'EdDSA'), ed);
      const rsa = rsaSignature();
      assert.deepEqual(readSignature(write(rsa), 'RS256'), rsa);
      const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const fixed = sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
      assert.deepEqual(readSignature(write(fixed), 'ES256'), fixed);
    });

    for (const [algorithm, namedCurve] of curves) {
      it(`is read from DER as ${what} by ${algorithm}, whatever its numbers begin with`, () => {
        const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve });
        const hash = `sha${algorithm.slice(2)}`;
        // Numbers with zeros in front come about once in 128 times.
        const rounds = what === 'raw bytes' ? 400 : 4;
        for (let round = 0; round < rounds; round += 1) {
          const der = sign(hash, input, key);
          const fixed = readSignature(write(der), algorithm);
          const how = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
          assert.ok(verify(hash, input, how, fixed), der.toString('hex'));
        }
      });
    }
  }

  const nonsense: readonly (readonly [what: string, output: Buffer, algorithm: string])[] = [
    ['nothing', Buffer.alloc(0), 'ES256'],
    ['nothing of RSA', Buffer.alloc(0), 'RS256'],
    ['words', Buffer.from('PIN required\n'), 'RS256'],
    ['too few bytes', Buffer.alloc(63), 'ES256'],
    ['too many bytes', Buffer.alloc(65), 'EdDSA'],
    ['a signature of a short RSA key', Buffer.alloc(128, 0xff), 'PS256'],
    ['a DER signature where none is', Buffer.from('3006020101020101', 'hex'), 'EdDSA'],
    [
      'DER with a number too long',
      Buffer.from(`302602 21${'7f'.repeat(33)}020101`.replaceAll(' ', ''), 'hex'),
      'ES256',
    ],
    ['DER with something behind it', Buffer.from('300802010102010100', 'hex'), 'ES256'],
    ['half of a DER', Buffer.from('3006020101', 'hex'), 'ES256'],
  ];
  for (const [what, output, algorithm] of nonsense) {
    it(`is not read from ${what}`, () => {
      assert.throws(() => readSignature(output, algorithm), {
        message: new RegExp(
          `^--signer: the command wrote \\d+ bytes, and a signature by ${algorithm} has (at least 256|64) bytes`,
        ),
      });
    });
  }
});

describe('an external signer', () => {
  it('gets the signing input as it is, and may answer any bytes', async () => {
    const output = await runSigner("cat; printf '\\377\\000'", 'a.b');
    assert.deepEqual(output, Buffer.from('a.b\xff\0', 'latin1'));
  });

  it('need not read its input', async () => {
    assert.equal(String(await runSigner('echo x', 'a'.repeat(1_000_000))), 'x\n');
  });

  for (const [command, says] of [
    ['exit 3', '--signer: the command ended with 3'],
    ['kill -9 $$', '--signer: the command ended with SIGKILL'],
    ['no-such-program-anywhere 2>/dev/null', '--signer: the command ended with 127'],
  ] as const) {
    it(`that fails by "${command}" is told without what it was to sign`, async () => {
      await assert.rejects(runSigner(command, 'a.b'), { message: says });
    });
  }

  it('that takes too long is ended, also when what it started stays', async () => {
    await assert.rejects(runSigner('cat; sleep 3 2>/dev/null & wait', 'a.b', { timeoutMs: 300 }), {
      message: '--signer: the command gave no signature within 0.3 s',
    });
  });
});
