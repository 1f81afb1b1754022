/** The issuers of a new configuration: waited for when they are new, taken all or none, and gone without a trace when not taken. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { discoveryPath, startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { createClusterAccess } from '../../src/kube/cluster-access.ts';
import { createTokenSources, type TokenSources } from '../../src/token-sources.ts';
import type { Proof } from '../../src/token/verifier.ts';
import { minimal, writeConfig } from '../support/config-files.ts';
import { denialOf } from '../support/denials.ts';
import { jwtEntry } from '../support/running-app.ts';

const claims = { sub: 'alice', uid: '1', team: 'blue' };
const never = new AbortController().signal;
const often = { intervalMs: 5 };
const log = (): void => undefined;
const silent: Logger = { debug: log, info: log, warn: log, error: log };

describe('a configuration that replaces another', () => {
  it('is in use as soon as its new issuer has keys, and the issuer that stays is not asked again', async (t) => {
    const [one, two] = [await issuer(t), await issuer(t)];
    const { sources } = await start(t, { pollMs: 3_600_000 }, entry(one, 'one'));
    const asked = one.requests.get(discoveryPath);
    await sources.replace(configOf(entry(one, 'one'), entry(two, 'two')), never);
    assert.equal((await prove(sources, two)).issuer, 'two');
    assert.equal((await prove(sources, one)).issuer, 'one');
    assert.equal(one.requests.get(discoveryPath), asked);
    assert.deepEqual(
      sources.keyStates().map((keys) => [keys.issuer, keys.fetchedAt !== undefined]),
      [
        ['one', true],
        ['two', true],
      ],
    );
  });

  it('waits for an issuer that is down, tells of it, and is in use once it is up', async (t) => {
    const [one, two] = [await issuer(t), await issuer(t)];
    const { sources } = await start(t, {}, entry(one, 'one'));
    breakDown(two);
    const replaced = sources.replace(configOf(entry(two, 'two')), never);
    await waitUntil('it to be told', () => faultOf(sources, 'new-issuer/two')?.includes('500'));
    assert.equal((await prove(sources, one)).issuer, 'one');
    assert.equal((await denialOf(() => prove(sources, two))).reason, 'issuer_unknown');
    two.replaceHandler(discoveryPath, undefined);
    await replaced;
    assert.equal((await prove(sources, two)).issuer, 'two');
    assert.equal((await denialOf(() => prove(sources, one))).reason, 'issuer_unknown');
    assert.deepEqual(
      sources.readiness().map(({ name }) => name),
      ['issuer-discovery/two', 'issuer/two'],
    );
  });

  it('is refused when a new issuer has no keys in time: all or none, and those started are stopped', async (t) => {
    const [one, two, three] = [await issuer(t), await issuer(t), await issuer(t)];
    const rig = await start(t, { patienceMs: 1, pollMs: 5 }, entry(one, 'one'));
    breakDown(two);
    const next = configOf(entry(two, 'two'), entry(three, 'three'));
    // The third may or may not have its keys by now; the second has none for sure.
    await assert.rejects(rig.sources.replace(next, never), {
      message: /^new issuers have no keys after 0.001 s, and all or none are taken: two \(/,
    });
    await assertLeftAlone(rig, one);
  });

  it('is not held up by an issuer that was in use and is down now, whatever else changes', async (t) => {
    const [one, two, dead] = [await issuer(t), await issuer(t), await issuer(t)];
    breakDown(dead);
    const entries = [entry(one, 'one'), entry(two, 'two'), entry(dead, 'dead')];
    const { sources } = await start(t, {}, ...entries);
    breakDown(one);
    const strict = { ...entry(one, 'one'), maxTokenLifetime: '1m' };
    await sources.replace(configOf(strict, entry(dead, 'dead')), never);
    assert.equal((await denialOf(() => prove(sources, one))).reason, 'token_lifetime');
    assert.equal((await denialOf(() => prove(sources, two))).reason, 'issuer_unknown');
    assert.equal((await denialOf(() => prove(sources, dead))).reason, 'issuer_unavailable');
  });

  it('waits for an entry whose keys come from another place now', async (t) => {
    const [one, other] = [await issuer(t), await issuer(t)];
    const rig = await start(t, { patienceMs: 1, pollMs: 5 }, entry(one, 'one'));
    const { issuer: where, ...rest } = entry(one, 'one');
    const moved = { ...rest, issuer: { ...where, discoveryURL: `${other.url}${discoveryPath}` } };
    await assert.rejects(rig.sources.replace(configOf(moved), never), /: one \(/);
    await assertLeftAlone(rig, one);
  });

  it('is given up when that is asked for, at once', async (t) => {
    const [one, two] = [await issuer(t), await issuer(t)];
    const rig = await start(t, { pollMs: 5 }, entry(one, 'one'));
    breakDown(two);
    const [early, late] = [new AbortController(), new AbortController()];
    early.abort();
    await assert.rejects(rig.sources.replace(configOf(entry(two, 'two')), early.signal), /abort/);
    assert.equal(two.requests.size, 0);
    const replaced = rig.sources.replace(configOf(entry(two, 'two')), late.signal);
    await waitUntil('it to be asked', () => two.requests.size > 0, often);
    late.abort();
    await assert.rejects(replaced, /abort/);
    await assertLeftAlone(rig, one);
  });

  it('is given up when all ends, also while an issuer says nothing', async (t) => {
    const [one, two] = [await issuer(t), await issuer(t)];
    const { sources } = await start(t, {}, entry(one, 'one'));
    const closed = Promise.withResolvers<void>();
    two.replaceHandler(discoveryPath, ({ socket }) => socket.on('close', closed.resolve));
    const replaced = sources.replace(configOf(entry(two, 'two')), never);
    const refused = assert.rejects(replaced, /abort/);
    await waitUntil('it to be asked', () => two.requests.size > 0, often);
    await sources.stop();
    await refused;
    await closed.promise;
    await assert.rejects(sources.replace(configOf(entry(one, 'new')), never), /abort/);
  });
});

interface Timing {
  readonly patienceMs?: number;
  readonly pollMs?: number;
}

interface Rig {
  readonly sources: TokenSources;
  /** Whose keys were asked for, each time. */
  readonly fetched: readonly string[];
}

/** Waits an hour for keys unless the test says otherwise. */
function create(t: TestContext, config: Config, timing: Timing): Rig {
  const { patienceMs = 3_600_000, pollMs = 3_600_000 } = timing;
  const fetched: string[] = [];
  const client = createKubeClient(createClusterAccess('no-kubeconfig'));
  t.after(client.stop);
  const sources = createTokenSources(config, {
    client,
    log: silent,
    onKeyFetch: (name) => fetched.push(name),
    timing: { retryMs: 5, pollMs },
    patienceMs,
  });
  t.after(() => sources.stop());
  return { sources, fetched };
}

/** Returns once every first discovery has ended. */
async function start(t: TestContext, timing: Timing, ...entries: readonly object[]): Promise<Rig> {
  const rig = create(t, configOf(...entries), timing);
  const first = rig.sources.readiness().filter(({ name }) => name.startsWith('issuer-discovery/'));
  await waitUntil('discovery', () => first.every((part) => part.fault() === undefined), often);
  return rig;
}

async function issuer(t: TestContext): Promise<Issuer> {
  const started = await startIssuer({ algorithm: 'ES256' });
  t.after(() => started.close());
  return started;
}

function breakDown(one: Issuer): void {
  one.replaceHandler(discoveryPath, (_, response) => response.writeHead(500).end());
}

function entry(one: Issuer, name: string): { readonly issuer: object } {
  const { issuer: where } = Object.assign({ issuer: {} }, jwtEntry(one, name));
  return { ...jwtEntry(one, name), issuer: where };
}

function configOf(...jwt: readonly object[]): Config {
  return load({ ...minimal, jwt });
}

function load(content: object): Config {
  return loadConfig(writeConfig(content));
}

async function prove(sources: TokenSources, one: Issuer): Promise<Proof> {
  return sources.authenticate(await one.mint(claims), Date.now() + 60_000);
}

function faultOf(sources: TokenSources, part: string): string | undefined {
  return sources
    .readiness()
    .find(({ name }) => name === part)
    ?.fault();
}

/** The old issuer is in use and asked on, and nobody else is asked any more. */
async function assertLeftAlone({ sources, fetched }: Rig, old: Issuer): Promise<void> {
  const before = fetched.length;
  await waitUntil('the old one to be asked', () => fetched.length > before + 10, often);
  assert.deepEqual([...new Set(fetched.slice(before))], ['one']);
  assert.equal((await prove(sources, old)).issuer, 'one');
  assert.deepEqual(
    sources.readiness().map(({ name }) => name),
    ['issuer-discovery/one', 'issuer/one'],
  );
}
