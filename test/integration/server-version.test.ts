/** `constrained: detect`: the version of the API server decides which filter is meant. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { waitUntil } from '../../lab/wait.ts';
import { createKubeClient } from '../../src/kube/client.ts';
import { createClusterAccess } from '../../src/kube/cluster-access.ts';
import { followServerVersion } from '../../src/kube/server-version.ts';
import { createOutbound } from '../../src/outbound.ts';
import { loadConfig } from '../../src/config/load.ts';
import { minimal, withField, writeConfig } from '../support/config-files.ts';
import { denialOf } from '../support/denials.ts';
import { answerJson, startFakeApiServer, type Answerer } from '../support/fake-api-server.ts';
import { kubeRequest } from '../support/kube-request.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const log = { ...silent, debug: () => undefined };

const versions: readonly (readonly [answer: unknown, minor: number | undefined])[] = [
  [{ major: '1', minor: '36' }, 36],
  [{ major: '1', minor: '29+' }, 29],
  [{ major: '2', minor: '0' }, undefined],
  [{ major: '1', minor: 'x' }, undefined],
  [{ major: '1' }, undefined],
  ['1.36', undefined],
  [null, undefined],
];

describe('the version of the API server', () => {
  for (const [answer, minor] of versions) {
    it(`is ${minor ?? 'not known'} by the answer ${JSON.stringify(answer)}`, async (t) => {
      const { api, client } = await start(t);
      api.answerWith((_, response) => answerJson(response, 200, answer));
      const version = followServerVersion({ client, log, pollMs: 5, retryMs: 5 });
      t.after(version.stop);
      await waitUntil('two looks', async () => api.received.length >= 2);
      assert.equal(version.minor(), minor);
      assert.deepEqual(new Set(api.received.map(({ url }) => url)), new Set(['/version']));
    });
  }

  it('stays what it was while nobody answers, and is read again then', async (t) => {
    const { api, client } = await start(t);
    api.answerWith(says('35'));
    const version = followServerVersion({ client, log, pollMs: 5, retryMs: 5 });
    t.after(version.stop);
    await waitUntil('the version', async () => version.minor() === 35);
    let failures = 0;
    api.answerWith((_, response) => {
      failures += 1;
      response.writeHead(500).end();
    });
    await waitUntil('three failures', async () => failures >= 3);
    assert.equal(version.minor(), 35);
    api.answerWith(says('36'));
    await waitUntil('the new version', async () => version.minor() === 36);
  });

  it('decides what is asked: the verb of old until it is known to be 1.36', async (t) => {
    const { api } = await start(t);
    const verbs: string[] = [];
    let answerVersion = unavailable;
    api.answerWith((received, response, request) => {
      if (received.url === '/version') return answerVersion(received, response, request);
      const { spec } = JSON.parse(received.text);
      verbs.push(spec.resourceAttributes.verb);
      const kind = { kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1' };
      answerJson(response, 201, { ...kind, spec, status: { allowed: false } });
    });
    const config = withField(minimal, ['impersonation'], {
      constrained: 'detect',
      denyCacheTTL: '0s',
    });
    const access = createClusterAccess(api.kubeconfig);
    const settings = { access, log, onReview: silent.info };
    const outbound = createOutbound(loadConfig(writeConfig(config)), settings);
    t.after(outbound.stop);
    const asBob = kubeRequest({ impersonation: [{ name: 'impersonate-user', value: 'bob' }] });
    const alice = { username: 'alice', uid: '', groups: [], extra: {} };
    const ask = (): Promise<unknown> =>
      denialOf(async () =>
        outbound.find(alice, asBob, {
          deadline: Date.now() + 60_000,
          signal: new AbortController().signal,
        }),
      );
    await ask();
    assert.deepEqual(verbs, ['impersonate']);
    answerVersion = says('36');
    outbound.replace(loadConfig(writeConfig(config))); // looks at once
    await waitUntil('the new verbs', async () => {
      verbs.length = 0;
      await ask();
      return verbs.includes('impersonate:user-info');
    });
  });
});

const unavailable: Answerer = (_, response) => response.writeHead(503).end();

function says(minor: string): Answerer {
  return (_, response) => answerJson(response, 200, { major: '1', minor });
}

async function start(t: TestContext) {
  const api = await startFakeApiServer();
  t.after(() => api.stop());
  const client = createKubeClient(createClusterAccess(api.kubeconfig));
  t.after(client.stop);
  return { api, client };
}
