/** Certificates made by hand, read by OpenSSL (through Node): lengths and dates at the edges of DER. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { integer, objectIdentifier, tagged, time } from '../../../src/cli/der.ts';
import { selfSign, type KeyType } from '../../../src/cli/self-signed.ts';

const keys = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ed25519: generateKeyPairSync('ed25519').privateKey,
} satisfies Record<KeyType, unknown>;

const now = Date.UTC(2026, 10, 25, 8);

describe('a certificate signed by itself', () => {
  for (const type of ['rsa', 'ec', 'ed25519'] as const) {
    for (const length of [1, 60, 120, 127, 128, 200, 255, 256, 5_000]) {
      it(`is readable by ${type} with a name of ${length} letters`, () => {
        const name = 'ü'.repeat(length);
        const options = { subject: `CN=${name}`, days: 10, now };
        const made = new X509Certificate(selfSign(keys[type], type, options));
        assert.ok(made.verify(made.publicKey));
        assert.equal(made.subject, `CN=${name}`);
      });
    }
  }

  for (const days of [1, 8_436, 8_437, 9_000, 36_500]) {
    it(`ends after ${days} days, in whatever century`, () => {
      const made = new X509Certificate(selfSign(keys.ec, 'ec', { subject: 'CN=x', days, now }));
      assert.equal(made.validToDate.getTime(), now + days * 86_400_000);
    });
  }

  it('has a serial number of its own each time, and a positive one', () => {
    const serials = Array.from(
      { length: 50 },
      () =>
        new X509Certificate(selfSign(keys.ec, 'ec', { subject: 'CN=x', days: 1, now }))
          .serialNumber,
    );
    assert.equal(new Set(serials).size, 50);
    assert.ok(
      serials.every((one) => /^0?1[0-9A-F]{30}$/.test(one)),
      serials.join(),
    );
  });
});

describe('DER', () => {
  it('writes integers in their shortest form and positive', () => {
    const rows = [
      [[0], '020100'],
      [[1], '020101'],
      [[0x7f], '02017f'],
      [[0x80], '02020080'],
      [[0, 0, 5], '020105'],
      [[0, 0xff, 1], '020300ff01'],
    ] as const;
    for (const [bytes, hex] of rows) assert.equal(integer(...bytes).toString('hex'), hex);
  });

  it('writes object identifiers', () => {
    assert.equal(objectIdentifier('2.5.4.3').toString('hex'), '0603550403');
    const rsa = '06092a864886f70d01010b';
    assert.equal(objectIdentifier('1.2.840.113549.1.1.11').toString('hex'), rsa);
  });

  it('writes lengths in one, two and three bytes', () => {
    const heads = [127, 128, 255, 256, 65_535].map((size) => {
      return tagged(4, Buffer.alloc(size)).subarray(0, -size).toString('hex');
    });
    assert.deepEqual(heads, ['047f', '048180', '0481ff', '04820100', '0482ffff']);
  });

  it('writes a moment with two digits of the year until 2049', () => {
    assert.equal(time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1', 2), '491231235959Z');
    assert.equal(time(Date.UTC(2050, 0, 1)).toString('latin1', 2), '20500101000000Z');
  });
});
