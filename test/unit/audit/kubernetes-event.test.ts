/** The format `audit.k8s.io`: the Event that kube-apiserver would write, of a check. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CheckRecord } from '../../../src/decision/decision.ts';
import {
  acting,
  allow,
  allowed,
  denied,
  impersonating,
  lineOf,
  recordWith,
} from '../../support/audit-records.ts';
import { identity } from '../../support/deciders.ts';
import { kubeRequest } from '../../support/kube-request.ts';

describe('a Kubernetes Event', () => {
  it('of an allowed check has what kube-apiserver would have, but for the answer that is still to come', () => {
    assert.deepEqual(read(allowed), {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: 'Metadata',
      auditID: 'audit-1',
      stage: 'ResponseComplete',
      requestURI: '/api/v1/namespaces/default/pods/p/log?follow=true',
      verb: 'get',
      user: { username: 'alice', groups: ['dev'] },
      sourceIPs: ['203.0.113.9', '192.0.2.7'],
      objectRef: {
        resource: 'pods',
        namespace: 'default',
        name: 'p',
        apiVersion: 'v1',
        subresource: 'log',
      },
      requestReceivedTimestamp: '2026-11-25T03:04:05.678000Z',
      stageTimestamp: '2026-11-25T03:04:05.679235Z',
      annotations: {
        'kube-ext-authz.dev/decision': 'allow',
        'kube-ext-authz.dev/issuer': 'people',
        'kube-ext-authz.dev/actAs': 'impersonate',
        'kube-ext-authz.dev/requestID': 'request-1',
      },
    });
  });

  it('of a denied check has the Status that was answered, and nobody when nobody was proven', () => {
    const event = read(denied);
    assert.deepEqual(event.user, {});
    assert.deepEqual(event.responseStatus, {
      metadata: {},
      status: 'Failure',
      message: 'a sentence',
      reason: 'Unauthorized',
      code: 401,
    });
    assert.equal(event.annotations['kube-ext-authz.dev/reason'], 'token_expired');
  });

  it('of `kubectl --as` has both', () => {
    const { user, impersonatedUser } = read(impersonating);
    assert.equal(user.username, 'alice');
    assert.deepEqual(impersonatedUser, {
      username: 'bob',
      uid: '7',
      groups: ['ops', 'system:authenticated'],
      extra: { 'originaluser.jetstack.io-user': ['alice'] },
    });
  });

  it('of a request that goes upstream as a service account names it', () => {
    const account = { ...identity, username: 'system:serviceaccount:team:robot' };
    const decision = { ...allow, actAs: 'serviceAccount', outbound: account } as const;
    const { impersonatedUser, annotations } = read({
      ...allowed,
      decision,
      actAs: 'serviceAccount',
    });
    assert.equal(impersonatedUser, undefined);
    assert.equal(annotations['kube-ext-authz.dev/account'], 'system:serviceaccount:team:robot');
  });

  it('names the object as kube-apiserver does', () => {
    const rows: readonly (readonly [path: string, objectRef: unknown])[] = [
      ['/healthz', undefined],
      ['/apis', undefined],
      ['/api/v1/nodes', { resource: 'nodes', apiVersion: 'v1' }],
      [
        '/apis/apps/v1/namespaces/a/deployments/d/scale',
        {
          resource: 'deployments',
          namespace: 'a',
          name: 'd',
          apiGroup: 'apps',
          apiVersion: 'v1',
          subresource: 'scale',
        },
      ],
      [
        '/api/v1/namespaces/a',
        { resource: 'namespaces', namespace: 'a', name: 'a', apiVersion: 'v1' },
      ],
    ];
    for (const [path, objectRef] of rows) {
      assert.deepEqual(read({ ...allowed, request: kubeRequest({}, path) }).objectRef, objectRef);
    }
  });

  it('has the addresses in the order of kube-apiserver, and none that is no address', () => {
    const rows: readonly (readonly [peer: string, header: string, shown: unknown])[] = [
      ['192.0.2.7', '', ['192.0.2.7']],
      ['192.0.2.7', '192.0.2.7', ['192.0.2.7']],
      ['192.0.2.7', '203.0.113.9, 192.0.2.7', ['203.0.113.9', '192.0.2.7']],
      ['192.0.2.7', '192.0.2.7, 203.0.113.9', ['192.0.2.7', '203.0.113.9', '192.0.2.7']],
      ['2001:db8::1', 'x, 2001:db8::2', ['2001:db8::2', '2001:db8::1']],
      ['/run/envoy.sock', '', undefined],
    ];
    for (const [peer, forwardedFor, shown] of rows) {
      const request = { ...kubeRequest(), source: { peer, forwardedFor } };
      assert.deepEqual(read({ ...allowed, request }).sourceIPs, shown);
    }
  });

  for (const [what, character] of acting) {
    it(`loses nothing of a text with ${what}`, () => {
      const record = recordWith(`a${character}b`);
      const { user, impersonatedUser, requestURI } = read(record);
      assert.deepEqual([user, impersonatedUser], [record.inbound, record.inbound]);
      assert.equal(requestURI, record.request.path);
    });
  }
});

function read(record: CheckRecord) {
  return JSON.parse(lineOf('audit.k8s.io', record));
}
