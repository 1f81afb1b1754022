/** What explain looks with, as a configuration says it: nothing is opened before it is needed, and no secret leaves. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/load.ts';
import { openWorld, type OpenWorld } from '../../src/explain-world.ts';
import { explainRequest } from '../../src/explain/explain.ts';
import { toRequest } from '../../src/explain/request.ts';
import type { Explanation } from '../../src/explain/trace.ts';
import { jwtEntry, minimal, writeConfig } from '../support/config-files.ts';
import { createEcKey, signToken } from '../support/signed-token.ts';

const key = createEcKey('k');
const { kid: _, ...jwk } = key.jwk;
const exp = Math.floor(Date.now() / 1000) + 600;
const claims = { iss: 'https://issuer.example', aud: 'kubernetes', exp, sub: 'alice' };
const issuer = { ...jwtEntry.issuer, keys: [{ jwks: { keys: [jwk] } }] };
const entry = { ...jwtEntry, issuer };
const account = { namespace: 'ns', serviceAccount: 'proxy' };
const ownSubject = 'system:serviceaccount:ns:own';

describe('our own token', () => {
  it('that is not there refuses, as it would in the server', async () => {
    const { reason, message } = await explain({ jwt: [entry] }, { file: 'none' });
    assert.equal(reason, 'credential_unavailable');
    assert.match(message, /none can't be read \(ENOENT\)/);
  });

  it('that has expired refuses', async () => {
    const own = signToken(key, { exp: 1, sub: ownSubject });
    const { reason, message } = await explain({ jwt: [entry] }, { file: 'own' }, own);
    assert.equal(reason, 'credential_unavailable');
    assert.match(message, /has expired/);
  });

  it('in a file is whom requests of a service account are made as, and is not shown', async () => {
    const own = signToken(key, { exp, sub: ownSubject });
    const asAccount = { jwt: [{ ...entry, actAs: 'serviceAccount' }] };
    const explanation = await explain(asAccount, { file: 'own' }, own);
    assert.equal(explanation.upstream?.identity.username, ownSubject);
    assert.deepEqual(
      explanation.upstream?.headers.map(([name]) => name),
      ['authorization', 'audit-id'],
    );
    for (const part of own.split('.')) assert.ok(!JSON.stringify(explanation).includes(part));
  });

  it('that is made when it is needed is not made, and does not make the end unknown', async () => {
    const explanation = await explain({ jwt: [entry] }, { tokenRequest: account });
    assert.equal(explanation.decision, 'allow');
    assert.match(explanation.leftOut.join(), /TokenRequest, service account ns\/proxy/);
  });
});

describe('constrained impersonation', () => {
  for (const [told, known] of [
    [true, true],
    [false, false],
    ['detect', undefined],
  ] as const) {
    it(`is ${String(known)} without a connection for ${String(told)}`, async () => {
      const world = open({ jwt: [entry], impersonation: { constrained: told } }, { file: 'own' });
      assert.equal(await world.impersonation.constrained(), known);
      await world.stop();
    });
  }
});

describe('an entry', () => {
  it('without keys of its own has none without a connection, and one with keys has them', async () => {
    const other = {
      ...jwtEntry,
      name: 'other',
      issuer: { ...jwtEntry.issuer, url: 'https://x.example' },
    };
    const world = open({ jwt: [entry, other] }, { file: 'own' });
    const [configured, discovered] = world.entries.map((one) => one.open());
    assert.ok((await configured?.keys?.refetch())?.candidates(undefined).length);
    assert.equal(discovered?.keys, undefined);
    assert.equal(configured?.claimSources, undefined);
    await world.stop();
  });
});

function open(changes: object, token: object, own?: string): OpenWorld {
  const file = writeConfig({ ...minimal, ...changes, kubernetes: { token } });
  if (own !== undefined) writeFileSync(join(dirname(file), 'own'), own);
  return openWorld(loadConfig(file), { offline: true, now: Date.now });
}

async function explain(changes: object, token: object, own?: string): Promise<Explanation> {
  const world = open(changes, token, own);
  const request = toRequest({ method: 'GET', path: '/api' }, signToken(key, claims));
  const explanation = await explainRequest(request, undefined, world);
  await world.stop();
  return explanation;
}
