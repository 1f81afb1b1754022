/** What is refused for the request's own headers: tricks on the next hop. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { refuseTricks } from '../../../src/decision/refusals.ts';
import { denialOf } from '../../support/denials.ts';
import { kubeRequest } from '../../support/kube-request.ts';

type Lines = readonly string[];

const harmless: readonly Lines[] = [
  [],
  [''],
  ['Upgrade'],
  ['upgrade'],
  ['UPGRADE'],
  ['keep-alive'],
  ['close'],
  ['keep-alive, Upgrade'],
  ['keep-alive,Upgrade'],
  [' Upgrade ,, keep-alive , '],
  ['keep-alive', 'Upgrade'],
];

/** CVE-2021-31999 and CVE-2022-23652: a later hop drops what Connection names. */
const harmful: readonly Lines[] = [
  ['Impersonate-User'],
  ['impersonate-user'],
  ['IMPERSONATE-USER'],
  ['Impersonate-Group'],
  ['Impersonate-Uid'],
  ['Impersonate-Extra-Scopes'],
  ['Impersonate_User'],
  ['Authorization'],
  ['audit-id'],
  ['X-Remote-User'],
  ['Upgrade, Impersonate-User'],
  ['Impersonate-User, Upgrade'],
  ['upgrade,impersonate-user'],
  ['Upgrade,,Impersonate-User'],
  ['Upgrade ,\tImpersonate-User'],
  ['Upgrade', 'Impersonate-User'],
  ['Impersonate-User', 'Upgrade'],
  ['keep-alive, close, Upgrade, Impersonate-User'],
  ['Upgrade Impersonate-User'],
  ['Upgrade; Impersonate-User'],
  ['Upgrade\u0000, Impersonate-User'],
  ['Upgrade, Impersonate-User\u0000'],
  ['"Upgrade, Impersonate-User"'],
  ['TE'],
  ['HTTP2-Settings'],
  ['x-anything'],
  ['Upgradex'],
  ['keepalive'],
];

describe('a Connection header', () => {
  for (const connection of harmless) {
    it(`may say ${JSON.stringify(connection)}`, () => {
      refuseTricks(kubeRequest({ connection }).headers);
    });
  }
  for (const connection of harmful) {
    it(`is refused (CVE-2021-31999) when it says ${JSON.stringify(connection)}`, async () => {
      const denial = await denialOf(() => refuseTricks(kubeRequest({ connection }).headers));
      assert.equal(denial.reason, 'connection_header');
      assert.match(denial.message, /may only say upgrade, keep-alive or close/);
    });
  }
});

describe('a request', () => {
  it('is refused when a header that decides holds bytes that are no text', async () => {
    const { headers } = kubeRequest({ undecodable: ['authorization', 'upgrade'] });
    const { reason, message } = await denialOf(() => refuseTricks(headers));
    assert.equal(reason, 'request_malformed');
    assert.equal(message, 'the header "authorization" holds bytes that are not UTF-8');
  });

  it('is refused with two Upgrade headers: we and the next hop could read different ones', async () => {
    const { headers } = kubeRequest({ upgrade: ['websocket', 'SPDY/3.1'] });
    assert.equal((await denialOf(() => refuseTricks(headers))).reason, 'request_malformed');
  });
});
