/** What kubectl gets from its credential plugin. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import { run } from '../../../src/cli/exec-credential.ts';
import { fakeNowMs, fakeTerminal } from '../../support/fake-terminal.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const args = ['--key-env', 'KEY', '--issuer', 'urn:ci', '--subject', 's', '--audience', 'a'];

function info(apiVersion: string): string {
  return JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
}

async function ask(env: Record<string, string>, ttl = '60s') {
  const terminal = fakeTerminal({ env: { KEY, ...env } });
  assert.equal(await run([...args, '--ttl', ttl], terminal), 0);
  return JSON.parse(terminal.printed());
}

describe('exec-credential', () => {
  const v1 = 'client.authentication.k8s.io/v1';
  for (const [what, env, apiVersion] of [
    ['nothing', {}, v1],
    ['an empty text', { KUBERNETES_EXEC_INFO: '' }, v1],
    ['v1', { KUBERNETES_EXEC_INFO: info(v1) }, v1],
    ['v1beta1', { KUBERNETES_EXEC_INFO: info(`${v1}beta1`) }, `${v1}beta1`],
  ] as const) {
    it(`answers ${apiVersion} when it is asked with ${what}`, async () => {
      const { status, ...head } = await ask(env);
      assert.deepEqual(head, { apiVersion, kind: 'ExecCredential' });
      assert.deepEqual(Object.keys(status), ['expirationTimestamp', 'token']);
      assert.equal(decodeJwt(status.token).sub, 's');
    });
  }

  for (const asked of [
    info(`${v1}alpha1`),
    info('v1'),
    '{}',
    'null',
    '{"apiVersion":["x"]}',
    '{',
  ]) {
    it(`refuses to answer ${asked}`, async () => {
      const terminal = fakeTerminal({ env: { KEY, KUBERNETES_EXEC_INFO: asked } });
      await assert.rejects(run(args, terminal), {
        message: `KUBERNETES_EXEC_INFO: its apiVersion must be ${v1} or ${v1}beta1; set it so in the kubeconfig's exec entry`,
      });
      assert.equal(terminal.printed(), '');
    });
  }

  for (const [ttl, early] of [
    ['1s', 0],
    ['5s', 1],
    ['20s', 4],
    ['60s', 10],
    ['1h', 10],
  ] as const) {
    it(`has a token of ${ttl} given up ${early} s before its end`, async () => {
      const { status } = await ask({}, ttl);
      const { exp = 0 } = decodeJwt(status.token);
      assert.match(status.expirationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const given = Date.parse(status.expirationTimestamp);
      assert.equal(given, (exp - early) * 1000);
      assert.ok(given > fakeNowMs);
    });
  }
});
