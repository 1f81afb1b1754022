/** Whatever happens to kube-ext-authz or to Envoy's own settings, a request without a decision stops in Envoy. */
import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { after, before, describe, it } from 'node:test';
import { waitUntil } from '../../lab/process.ts';
import { startAuthzStub, toStruct, type StubAnswer } from '../support/authz-stub.ts';
import { extAuthz, startRig, type Change, type Exchange, type Rig } from '../support/envoy-rig.ts';
import { allow, decision } from '../support/replies.ts';

const credential = [['authorization', 'Bearer client']] as const;

describe('Envoy as it is configured', () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig();
  });
  after(() => rig.stop());

  const errors = [status.PERMISSION_DENIED, status.UNAUTHENTICATED, status.INTERNAL] as const;
  for (const code of errors) {
    it(`answers 503 when the check ends with gRPC status ${status[code]}`, async () => {
      assertUnavailable(await rig.exchange(`error ${code}`, { reply: code, lines: credential }));
    });
  }

  it('says as metav1.Status what to look after', async () => {
    const { answer } = await rig.exchange('sentence', { reply: status.INTERNAL });
    const body: unknown = JSON.parse(answer.body);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.deepEqual(body, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'Envoy got no answer from kube-ext-authz. Check that it runs, that its /readyz says so, ' +
        "and that Envoy's cluster kube_ext_authz points to it.",
      reason: 'ServiceUnavailable',
      code: 503,
    });
  });

  it('answers 503 when the check takes too long, after five seconds', async () => {
    const start = performance.now();
    assertUnavailable(await rig.exchange('silence', { reply: 'silence', lines: credential }));
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds > 4.5 && seconds < 8, `it took ${seconds} s`);
  });

  it('asks again when a process says it is unavailable', async () => {
    const { answer } = await rig.exchange('unavailable', { reply: status.UNAVAILABLE });
    assert.equal(answer.status, 503);
    assert.equal(rig.stub.checksOf('unavailable'), 3);
  });

  it('passes a denial on as it is', async () => {
    const denied_response = { status: { code: 401 }, body: 'who are you?' };
    const reply = { status: { code: 16 }, denied_response };
    const { answer, upstream } = await rig.exchange('denied', { reply, lines: credential });
    assert.deepEqual([answer.status, answer.body], [401, 'who are you?']);
    assert.deepEqual(upstream, []);
  });

  it('answers 503 while kube-ext-authz is down, and goes on once it is back', async (t) => {
    rig.stub.stop();
    assertUnavailable(await rig.exchange('down', { lines: credential }));
    const again = await startAuthzStub({ address: `127.0.0.1:${rig.stub.port}` });
    t.after(() => again.stop());
    again.answer('back', allow());
    await waitUntil('a request to pass again', async () => {
      const { answer } = await rig.exchange('back', {});
      return answer.status === 200;
    });
  });
});

const closedWhenDisabled: Change = [extAuthz('deny_at_disable'), undefined];
const failOpen: Change = [extAuthz('failure_mode_allow'), true];
const impatient: Change = [extAuthz('grpc_service', 'timeout'), '0.2s'];
const numbers = { numerator: 100, denominator: 'HUNDRED' };
const switchable: readonly Change[] = [
  [['layered_runtime'], { layers: [{ name: 'admin', admin_layer: {} }] }],
  [extAuthz('filter_enabled'), { default_value: numbers, runtime_key: 'authz_enabled' }],
];

describe('Envoy that was told to fail open', () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig({ changes: [failOpen, impatient, closedWhenDisabled, ...switchable] });
  });
  after(() => rig.stop());

  it('is stopped by the finisher when the check fails', async () => {
    const options = { reply: status.INTERNAL, lines: credential };
    assertStopped(await rig.exchange('error', options));
  });

  it('is stopped by the finisher when the check takes too long', async () => {
    assertStopped(await rig.exchange('silence', { reply: 'silence', lines: credential }));
  });

  it('is stopped by the finisher when ext_authz is switched off at run time', async () => {
    await switchOff(rig);
    assertStopped(await rig.exchange('off', { reply: allow(), lines: credential }));
    assert.equal(rig.stub.checksOf('off'), 0);
  });
});

interface Misconfiguration {
  readonly what: string;
  readonly changes: readonly Change[];
  readonly reply?: StubAnswer;
  readonly reason?: string;
}

const filter = extAuthz().slice(0, -1);
const shadow: Change = [extAuthz('shadow_mode'), true];
const denial = {
  status: { code: 7 },
  denied_response: { status: { code: 403 } },
  dynamic_metadata: toStruct({ decision }),
};

const misconfigurations: readonly Misconfiguration[] = [
  { what: 'ext_authz is not there', changes: [[filter, undefined]] },
  { what: 'ext_authz is disabled', changes: [[[...filter, 'disabled'], true]] },
  {
    what: 'the metadata is ignored',
    changes: [[extAuthz('enable_dynamic_metadata_ingestion'), false]],
  },
  {
    what: 'ext_authz only watches and the check fails',
    changes: [shadow, failOpen],
    reply: status.INTERNAL,
  },
  {
    what: 'ext_authz only watches and the answer is no',
    changes: [shadow],
    reply: denial,
    reason: 'decision_malformed',
  },
];

describe('Envoy that was misconfigured', () => {
  for (const { what, changes, reply = allow(), reason = 'no_decision' } of misconfigurations) {
    it(`is stopped by the finisher when ${what}`, async (t) => {
      const rig = await startRig({ changes });
      t.after(() => rig.stop());
      const headers = [...credential, ['impersonate-user', 'admin'] as const];
      assertStopped(await rig.exchange('request', { reply, lines: headers }), reason);
    });
  }

  it('answers 503 when ext_authz is switched off at run time', async (t) => {
    const rig = await startRig({ changes: switchable });
    t.after(() => rig.stop());
    await switchOff(rig);
    const { answer, upstream } = await rig.exchange('off', { reply: allow(), lines: credential });
    assert.equal(answer.status, 503);
    assert.deepEqual(upstream, []);
  });
});

async function switchOff(rig: Rig): Promise<void> {
  const url = `${rig.envoy.adminUrl}/runtime_modify?authz_enabled=0`;
  assert.equal((await fetch(url, { method: 'POST' })).status, 200);
}

function assertUnavailable({ answer, upstream }: Exchange): void {
  const reason = answer.headers['x-kube-ext-authz-reason'];
  assert.deepEqual([answer.status, reason], [503, 'authz_unavailable']);
  assert.deepEqual(upstream, []);
}

function assertStopped({ answer, upstream }: Exchange, reason = 'no_decision'): void {
  const got = [answer.status, answer.headers['x-kube-ext-authz-reason']];
  assert.deepEqual(got, [403, reason]);
  assert.deepEqual(upstream, []);
}
