/** Whatever clients send, the number of series stays what it was. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { startIssuer } from '../../lab/issuer.ts';
import type { Question } from '../support/check-client.ts';
import { forgedToken } from '../support/forged-token.ts';
import { fetchText, startRunningApp } from '../support/running-app.ts';

const times = 10_000;
const signed = 500;
const atOnce = 50;

it('10,000 users, paths, headers and issuers add no series', { timeout: 300_000 }, async (t) => {
  const issuer = await startIssuer({ algorithm: 'ES256' });
  t.after(() => issuer.close());
  const { app, client, stop } = await startRunningApp({ issuers: [issuer] });
  t.after(stop);
  const readSeries = async (): Promise<readonly string[]> => {
    const { text } = await fetchText(`${app.adminURL}/metrics`);
    return text.split('\n').filter((line) => line.startsWith('kube_ext_authz_'));
  };
  /** Every outcome that follows comes once before, so that its series are there. */
  const question = async (number: number): Promise<Question> => {
    const name = `somebody-${number}`;
    const claims = { sub: name, groups: [`group-${number}`], team: name, uid: name };
    const token =
      number % 2 === 0 && number < signed * 2
        ? await issuer.mint(claims)
        : forgedToken({ alg: 'ES256', kid: name }, { ...claims, iss: `https://${name}.example` });
    return {
      method: `M${number}`,
      path: `/apis/group-${number}.example/v1/namespaces/n-${number}/things/t-${number}`,
      peer: `192.0.${number % 250}.${number % 199}`,
      lines: [
        ['authorization', `Bearer ${token}`],
        [`x-header-${number}`, name],
        ['user-agent', name],
        ['x-request-id', name],
        ...(number % 3 === 0 ? ([['impersonate-user', `another-${number}`]] as const) : []),
      ],
    };
  };
  const ask = async (from: number, to: number): Promise<void> => {
    for (let first = from; first < to; first += atOnce) {
      const batch = Array.from({ length: Math.min(atOnce, to - first) }, (_, index) =>
        question(first + index).then((one) => client.check(one)),
      );
      await Promise.all(batch);
    }
  };
  await ask(0, 12);
  const before = await readSeries();
  await ask(12, times);
  const after = await readSeries();
  assert.deepEqual(after.map(nameOf).toSorted(), before.map(nameOf).toSorted());
  const counted = after.filter((line) => line.startsWith('kube_ext_authz_checks_total{'));
  assert.ok(counted.length >= 3, counted.join('\n'));
  const sum = counted.reduce((total, line) => total + Number(line.split(' ').at(-1)), 0);
  assert.equal(sum, times);
  assert.doesNotMatch(after.join('\n'), /somebody|another|group-|things/);
});

function nameOf(line: string): string {
  return line.slice(0, line.lastIndexOf(' '));
}
