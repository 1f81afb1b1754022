/** What a reply of ext_authz may change of a request: the headers of the credential, nothing else. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { extAuthz, startRig, type Rig } from '../support/envoy-rig.ts';
import { valuesOf } from '../support/recording-upstream.ts';
import { allow, allowWith } from '../support/replies.ts';

const lines = [
  ['user-agent', 'kubectl'],
  ['x-remote-user', 'admin'],
  ['impersonate-extra-a', 'b'],
] as const;

const foreignHeaders: readonly (readonly [name: string, value: string])[] = [
  [':path', '/api/v1/secrets'],
  [':method', 'DELETE'],
  [':authority', 'elsewhere'],
  [':scheme', 'http'],
  ['host', 'elsewhere'],
  ['x-envoy-original-path', '/api/v1/secrets'],
  ['x-envoy-upstream-alt-stat-name', 'x'],
  ['x-forwarded-for', '10.0.0.1'],
  ['transfer-encoding', 'chunked'],
  ['cookie', 'a=b'],
  ['proxy-authorization', 'Bearer x'],
  ['authorization-two', 'Bearer x'],
  ['impersonate', 'alice'],
];

const brokenValues: readonly (readonly [name: string, value: string])[] = [
  ['authorization', 'Bearer x\r\nimpersonate-user: admin'],
  ['impersonate-user', 'alice\n'],
  ['impersonate-user', 'alice\0'],
];

describe('the mutation rules', () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig();
  });
  after(() => rig.stop());

  for (const [name, value] of [...foreignHeaders, ...brokenValues]) {
    it(`answer 500 to a reply that sets ${JSON.stringify([name, value])}`, async () => {
      const reply = allowWith({ [name]: value });
      const { answer, upstream } = await rig.exchange(`${name} ${value.length}`, { reply, lines });
      assert.equal(answer.status, 500);
      assert.deepEqual(upstream, []);
    });
  }

  for (const name of ['host', ':path', 'user-agent', 'x-forwarded-for', 'x-request-id']) {
    it(`answer 500 to a reply that removes ${name}`, async () => {
      const reply = allow({ remove: [name] });
      const { answer, upstream } = await rig.exchange(`no ${name}`, { reply, lines });
      assert.equal(answer.status, 500);
      assert.deepEqual(upstream, []);
    });
  }

  const removable = ['x-remote-user', 'X-Remote-Group', 'Impersonate-Extra-A', 'impersonate_user'];
  for (const name of [...removable, 'impersonate-extra-%2f', 'impersonate-']) {
    it(`let a reply remove ${name}`, async () => {
      const reply = allow({ remove: [name] });
      const { answer } = await rig.exchange(`without ${name}`, { reply, lines });
      assert.equal(answer.status, 200);
    });
  }

  it('let a reply say what kind of connection it is', async () => {
    const reply = allowWith({ connection: 'Upgrade' });
    const upgrade = [
      ['upgrade', 'websocket'],
      ['connection', 'Upgrade, Impersonate-User'],
    ] as const;
    const { answer, upstream } = await rig.exchange('upgrade', { reply, lines: upgrade });
    assert.equal(answer.status, 101);
    assert.deepEqual(
      upstream.map((seen) => valuesOf(seen.lines, 'connection')),
      [['Upgrade']],
    );
  });
});

it('without the rules a reply could change the path and the host', async (t) => {
  const rig = await startRig({ changes: [[extAuthz('decoder_header_mutation_rules'), undefined]] });
  t.after(() => rig.stop());
  const reply = allowWith({ ':path': '/api/v1/secrets', host: 'elsewhere' });
  const { upstream } = await rig.exchange('moved', { reply });
  assert.equal(upstream[0]?.path, '/api/v1/secrets');
  assert.deepEqual(valuesOf(upstream[0]?.lines ?? [], ':authority'), ['elsewhere']);
});
