/** Issuers whose keys are configured: pipelines that sign for themselves, and clusters that share an issuer's name. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { createAuthority } from '../../lab/certificates.ts';
import { discoveryPath, jwksPath, publicPart, startIssuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Reply } from '../support/check-client.ts';
import { startRunningApp, type RunningApp } from '../support/running-app.ts';

const urn = 'urn:remote-pipeline';

interface Pair {
  readonly algorithm: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function pairs(): readonly Pair[] {
  return [
    { algorithm: 'RS256', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) },
    { algorithm: 'PS512', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) },
    { algorithm: 'ES256', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
    { algorithm: 'ES384', ...generateKeyPairSync('ec', { namedCurve: 'P-384' }) },
    { algorithm: 'EdDSA', ...generateKeyPairSync('ed25519') },
  ];
}

type Claims = Readonly<Record<string, unknown>>;

function sign({ algorithm, privateKey }: Pair, claims: Claims, kid?: string): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ iss: urn, aud: 'kubernetes', sub: 'ci', iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: algorithm, ...(kid !== undefined && { kid }) })
    .sign(privateKey);
}

function pemOf({ publicKey }: Pair): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

function entry(name: string, keys: readonly object[], more: object = {}): object {
  return {
    name,
    issuer: { url: urn, audiences: ['kubernetes'], keys },
    claimMappings: { username: { claim: 'sub', prefix: `${name}:` } },
    ...more,
  };
}

async function start(jwt: readonly object[]): Promise<RunningApp> {
  return startRunningApp({ issuers: [], config: { jwt } });
}

function ask({ client }: RunningApp, token: string): Promise<Reply> {
  return client.check({ lines: [['authorization', `Bearer ${token}`]] });
}

describe('an issuer with keys of the configuration', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'static-keys-'));
  });
  after(() => {
    rmSync(dir, { recursive: true });
  });

  for (const pair of pairs()) {
    const forms: readonly (readonly [string, () => object])[] = [
      ['PEM', () => ({ pem: pemOf(pair) })],
      [
        'a key set',
        () => ({ jwks: { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'x' }] } }),
      ],
      [
        'a file',
        () => {
          writeFileSync(join(dir, 'key.pem'), pemOf(pair));
          return { file: join(dir, 'key.pem') };
        },
      ],
    ];
    for (const [form, key] of forms) {
      it(`believes ${pair.algorithm} by ${form}, whatever kid a token has`, async (t) => {
        const running = await start([entry('ci', [key()])]);
        t.after(running.stop);
        for (const kid of [undefined, 'x', 'another']) {
          const { status, headers, body } = await ask(running, await sign(pair, {}, kid));
          assert.equal(status, 200, body);
          assert.equal(headers['impersonate-user'], 'ci:ci');
        }
        const stranger = pairs().find(({ algorithm }) => algorithm === pair.algorithm);
        assert.ok(stranger);
        assert.equal((await ask(running, await sign(stranger, {}))).reason, 'token_signature');
      });
    }
  }

  it('believes a certificate while it is valid, and refuses its key to be private', async (t) => {
    const authority = await createAuthority('pipelines');
    const leaf = await authority.issue({ commonName: 'pipeline' });
    writeFileSync(join(dir, 'pipeline.crt'), leaf.certPem);
    const running = await start([entry('ci', [{ file: join(dir, 'pipeline.crt') }])]);
    t.after(running.stop);
    assert.match((await running.readyz()).text, /^\[\+\]issuer\/ci ok$/m);
    writeFileSync(join(dir, 'pipeline.key'), leaf.keyPem);
    await assert.rejects(
      start([entry('ci', [{ file: join(dir, 'pipeline.key') }])]),
      /jwt\[0\]\.issuer\.keys\[0\]\.file: it holds a private key/,
    );
  });

  it('takes a new key over from the file at once, refuses the old one, and keeps it when the file turns bad', async (t) => {
    const [old, fresh] = [pairs()[0], pairs()[0]];
    assert.ok(old && fresh);
    const file = join(dir, 'rotating.pem');
    writeFileSync(file, pemOf(old));
    const running = await start([entry('ci', [{ file }])]);
    t.after(running.stop);
    const [byOld, byFresh] = [await sign(old, {}), await sign(fresh, {})];
    assert.equal((await ask(running, byOld)).status, 200);
    writeFileSync(file, 'nonsense');
    await waitUntil('the fault to be told', async () => {
      return (await running.readyz()).text.includes('[!]issuer/ci: ');
    });
    assert.equal((await ask(running, byOld)).status, 200);
    writeFileSync(file, pemOf(fresh));
    await waitUntil('the new key', async () => (await ask(running, byFresh)).status === 200);
    assert.equal((await ask(running, byOld)).reason, 'token_signature');
  });

  it('tells clusters of one issuer apart by their keys', async (t) => {
    const [east, west] = [pairs()[0], pairs()[2]];
    assert.ok(east && west);
    const running = await start([
      entry('east', [{ pem: pemOf(east) }]),
      entry('west', [{ pem: pemOf(west) }]),
    ]);
    t.after(running.stop);
    for (const [pair, name] of [
      [east, 'east'],
      [west, 'west'],
    ] as const) {
      const { headers } = await ask(running, await sign(pair, {}));
      assert.equal(headers['impersonate-user'], `${name}:ci`);
      const { reason } = await ask(running, await sign(pair, { exp: 1 }));
      assert.equal(reason, 'token_expired');
    }
  });

  it('refuses tokens that were made to last, or come from the future', async (t) => {
    const pair = pairs()[2];
    assert.ok(pair);
    const running = await start([entry('ci', [{ pem: pemOf(pair) }], { maxTokenLifetime: '10m' })]);
    t.after(running.stop);
    const now = Math.floor(Date.now() / 1000);
    const rows = [
      [{ iat: now, exp: now + 600 }, 200],
      [{ iat: now - 500, exp: now + 101 }, 'token_lifetime'],
      [{ iat: now, exp: now + 601 }, 'token_lifetime'],
      [{ iat: now + 300, exp: now + 310 }, 'token_lifetime'],
      [{ iat: undefined, exp: now + 300 }, 200],
      [{ iat: undefined, exp: now + 900 }, 'token_lifetime'],
    ] as const;
    for (const [claims, end] of rows) {
      const { status, reason } = await ask(running, await sign(pair, claims));
      assert.equal(reason === '' ? status : reason, end, JSON.stringify(claims));
    }
  });

  for (const elsewhere of [false, true]) {
    it(`hands the discovery token to its own server, ${elsewhere ? 'and not to another that has the keys' : 'for the keys too'}`, async (t) => {
      writeFileSync(join(dir, 'discovery.token'), 'discovery-secret\n');
      const authority = await createAuthority('discovery');
      const issuer = await startIssuer({ authority });
      t.after(() => issuer.close());
      const other = elsewhere ? await startIssuer({ authority }) : issuer;
      t.after(() => other.close());
      const seen: (string | undefined)[] = [];
      issuer.replaceHandler(discoveryPath, (request, response) => {
        seen.push(request.headers.authorization);
        const document = { issuer: issuer.url, jwks_uri: `${other.url}${jwksPath}` };
        response.end(JSON.stringify(document));
      });
      other.replaceHandler(jwksPath, (request, response) => {
        seen.push(request.headers.authorization);
        response.end(JSON.stringify({ keys: [publicPart(issuer.key)] }));
      });
      const cluster = {
        name: 'cluster',
        issuer: {
          url: issuer.url,
          audiences: ['kubernetes'],
          certificateAuthority: issuer.caPem,
          discoveryTokenFile: join(dir, 'discovery.token'),
        },
        claimMappings: { username: { claim: 'sub', prefix: '' } },
      };
      const running = await start([cluster]);
      t.after(running.stop);
      const secret = 'Bearer discovery-secret';
      assert.deepEqual(seen, [secret, elsewhere ? undefined : secret]);
      assert.equal((await ask(running, await issuer.mint({ sub: 'a' }))).status, 200);
      assert.doesNotMatch(running.logged(), /discovery-secret/);
    });
  }
});
