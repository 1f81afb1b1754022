/** Every kind of denial as a person sees it: kubectl prints our sentence, also when it knows nothing of the cluster yet. */
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { mintForAlice } from '../../lab/alice.ts';
import { createSigningKey, type Issuer } from '../../lab/issuer.ts';
import { runKubectl, type KubectlResult } from '../../lab/kubectl.ts';
import type { Quickstart } from '../../lab/quickstart.ts';
import { waitUntil } from '../../lab/wait.ts';
import { fetchText } from '../support/running-app.ts';
import { startTemporaryQuickstart } from '../support/temporary-quickstart.ts';

type Row = readonly [
  what: string,
  token: (issuer: Issuer) => Promise<string> | string,
  sentence: string,
];

const rows: readonly Row[] = [
  ['no JWT', () => 'garbage', 'the bearer token is not a signed JWT'],
  [
    'an expired token',
    (issuer) => issuer.mint({ sub: 'alice', exp: Math.floor(Date.now() / 1000) - 300 }),
    'the token expired 5 minutes ago; get a new one',
  ],
  [
    'a token of a stranger',
    async (issuer) => issuer.mint({ sub: 'a' }, { key: await createSigningKey('RS256') }),
    'the token is signed with a key that its issuer does not publish',
  ],
  [
    'a token for somebody else',
    (issuer) => issuer.mint({ sub: 'alice', aud: 'other' }),
    'the token was issued for another audience',
  ],
  [
    'a token of an unknown issuer',
    (issuer) => issuer.mint({ sub: 'alice', iss: 'https://elsewhere' }),
    'the token is not from an issuer that is configured here',
  ],
  [
    'a name of Kubernetes',
    (issuer) => issuer.mint({ sub: 'system:admin', uid: 'x', team: 'x' }),
    'the token names a user that starts with "system:"',
  ],
  [
    'a name no header can carry',
    (issuer) => issuer.mint({ sub: 'alice ', uid: 'x', team: 'x' }),
    'the token gives a user name that starts or ends with white space',
  ],
];

/** Commands that begin with discovery, without it, and with the version. */
const commands = [
  ['get', 'pods'],
  ['get', '--raw', '/api/v1/pods'],
  ['api-resources'],
  ['version'],
];

describe('kubectl', () => {
  let quickstart: Quickstart;
  before(async () => {
    quickstart = await startTemporaryQuickstart();
  });
  after(() => quickstart.stop());

  function kubectl(...args: readonly string[]): Promise<KubectlResult> {
    return runKubectl(quickstart.parts, quickstart.files.kubeconfig, args);
  }

  for (const command of commands) {
    for (const [what, token, sentence] of rows) {
      it(`${command.join(' ')} with ${what} prints: ${sentence}`, async () => {
        const result = await kubectl(...command, '--token', await token(quickstart.issuer));
        assertTells(result, sentence);
      });
    }

    it(`${command.join(' ')} --as prints why it is refused`, async () => {
      const sentence = 'User "alice" cannot impersonate-on:user-info:';
      assertTells(await kubectl(...command, '--as', 'bob'), sentence);
    });

    it(`${command.join(' ')} prints that the proxy has lost its own token`, async () => {
      const { serverToken } = quickstart.files;
      renameSync(serverToken, `${serverToken}.away`);
      try {
        await waitForReadiness(quickstart, 503);
        assertTells(await kubectl(...command), 'this proxy has no valid token of its own');
      } finally {
        renameSync(`${serverToken}.away`, serverToken);
        await waitForReadiness(quickstart, 200);
      }
    });
  }

  it('gets through again once the token is back', async () => {
    const { token } = await mintForAlice(quickstart.issuer);
    const { code, stderr } = await kubectl('get', 'pods', '--token', token);
    assert.equal(code, 0, stderr);
  });

  it('prints that the server is down', async () => {
    await quickstart.server.stop();
    const sentence = 'Envoy got no answer from kube-ext-authz';
    for (const command of commands) assertTells(await kubectl(...command), sentence);
  });
});

function assertTells({ code, stdout, stderr }: KubectlResult, sentence: string): void {
  assert.notEqual(code, 0, stdout);
  assert.ok(stderr.replaceAll('\\"', '"').includes(sentence), stderr);
}

async function waitForReadiness({ server }: Quickstart, wanted: number): Promise<void> {
  await waitUntil(`/readyz to say ${wanted}`, async () => {
    return (await fetchText(`${server.adminUrl}/readyz`)).status === wanted;
  });
}
