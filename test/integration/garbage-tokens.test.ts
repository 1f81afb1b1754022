/** Ten thousand tokens that prove nothing: the issuer is left in peace, and nothing of them stays. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { startMeasuredServer, type MeasuredServer } from '../../bench/measured-server.ts';
import { jwksPath, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { buildServer } from '../../lab/server.ts';
import { connectCheckClient, type CheckClient } from '../support/check-client.ts';
import { jwtEntry } from '../support/running-app.ts';

type Make = (issuer: Issuer) => string | Buffer;

const count = 10_000;
const inFlight = 50;
/** Bytes in each token: ten thousand of them would be 20 MB and more. */
const padding = 2_000;
/** Of the heap's growth, in bytes. */
const bound = 10_000_000;
/** Least time between two fetches that tokens ask for. */
const cooldownMs = 10_000;

/** What is sent, and what is said to it. */
const kinds: readonly (readonly [what: string, reason: string, make: Make])[] = [
  [
    'random bytes',
    'request_malformed',
    () => Buffer.concat([Buffer.of(0xff), randomBytes(padding)]),
  ],
  ['random letters', 'token_malformed', () => noise()],
  ['a JWT of noise', 'token_malformed', () => [noise(), noise(), noise(256)].join('.')],
  ['a foreign issuer', 'issuer_unknown', (issuer) => forged({ kid: issuer.key.kid }, 'https://x')],
  ['an unknown kid', 'token_key_unknown', ({ url }) => forged({ kid: noise(24) }, url)],
  ['a bad signature', 'token_signature', ({ url, key }) => forged({ kid: key.kid }, url)],
  ['alg none', 'token_algorithm', ({ url, key }) => forged({ kid: key.kid, alg: 'none' }, url)],
];

describe('ten thousand tokens that prove nothing', () => {
  const dir = mkdtempSync(join(tmpdir(), 'garbage-tokens-'));
  let issuer: Issuer;
  let server: MeasuredServer;
  let client: CheckClient;
  before(async () => {
    await buildServer(() => undefined);
    issuer = await startIssuer();
    writeFileSync(join(dir, 'token'), 'own-token');
    const settings = {
      kubernetes: { token: { file: join(dir, 'token') } },
      jwt: [jwtEntry(issuer, 'issuer')],
      audit: [{ format: 'json', path: join(dir, 'audit.log') }],
    };
    server = await startMeasuredServer({ dir, settings });
    client = connectCheckClient(server.grpcAddress);
  });
  after(async () => {
    client.close();
    await server.stop();
    await issuer.close();
    rmSync(dir, { recursive: true });
  });

  /** The reason that each kind got, and how often. */
  async function send(total: number): Promise<Readonly<Record<string, number>>> {
    const told: Record<string, number> = {};
    let next = 0;
    const sendSome = async (): Promise<void> => {
      while (next < total) {
        const [what, , make] = kinds[next % kinds.length] ?? kinds[0] ?? assert.fail();
        next += 1;
        const authorization = Buffer.concat([Buffer.from('Bearer '), Buffer.from(make(issuer))]);
        const { reason } = await client.check({ lines: [['authorization', authorization]] });
        told[`${what}: ${reason}`] = (told[`${what}: ${reason}`] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, sendSome));
    return told;
  }

  it('are each refused, keep the issuer as busy as before and leave no memory behind', async () => {
    await send(1_000);
    await server.memory(); // what was compiled to start with and is of no more use goes now
    const begun = performance.now();
    const [memoryBefore, requestsBefore] = [await server.memory(), fetches(issuer)];
    const told = await send(count);
    const requests = fetches(issuer) - requestsBefore;
    const most = 1 + (performance.now() - begun) / cooldownMs;
    const grown = (await server.memory()).heap - memoryBefore.heap;
    const expected = kinds.map(([what, reason]) => `${what}: ${reason}`);
    assert.deepEqual(Object.keys(told).toSorted(), expected.toSorted());
    assert.ok(requests <= most, `${requests} fetches`);
    assert.ok(grown < bound, `${grown} bytes`);
  });
});

function fetches(issuer: Issuer): number {
  return issuer.requests.get(jwksPath) ?? 0;
}

/** Letters as base64url has them. */
function noise(bytes = padding): string {
  return randomBytes(bytes).toString('base64url');
}

/** In form a token of RS256, with a signature of the right length that nobody made. */
function forged(header: Readonly<Record<string, unknown>>, iss: string): string {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const claims = { iss, aud: 'kubernetes', exp, sub: 'admin', note: noise() };
  const parts = [{ alg: 'RS256', ...header }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return [...parts, noise(256)].join('.');
}
