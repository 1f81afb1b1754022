/** Envoy's question in both of its forms, whole, in parts and with headers nobody expects. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeRequest } from '../../../src/request/request.ts';
import { toKubeRequest, unreadableRequest } from '../../../src/transport/check-request.ts';
import type { CheckRequest } from '../../../src/transport/proto.ts';
import { denialOf } from '../../support/denials.ts';
import { requestThroughBytes } from '../../support/reply-round-trip.ts';

type Line = readonly [name: string, value: string | Uint8Array];

const line = { method: 'GET', path: '/api/v1/pods?limit=500' };
const invalid = Buffer.from('42656172657220ff', 'hex'); // "Bearer " and a byte that is no UTF-8

const ofIdentity: readonly (readonly [name: string, asRead: string])[] = [
  ['Impersonate-User', 'impersonate-user'],
  ['impersonate-user', 'impersonate-user'],
  ['IMPERSONATE-USER', 'impersonate-user'],
  ['iMpErSoNaTe-GrOuP', 'impersonate-group'],
  ['Impersonate-Uid', 'impersonate-uid'],
  ['Impersonate-Extra-Scopes', 'impersonate-extra-scopes'],
  ['Impersonate-Extra-', 'impersonate-extra-'],
  ['Impersonate-Extra-acme.io%2Fteam', 'impersonate-extra-acme.io%2fteam'],
  ['Impersonate-Foo', 'impersonate-foo'],
  ['Impersonate-', 'impersonate-'],
  ['Impersonate_User', 'impersonate_user'],
  ['impersonate_extra_scopes', 'impersonate_extra_scopes'],
  ['IMPERSONATE_EXTRA-A', 'impersonate_extra-a'],
  ['X-Remote-User', 'x-remote-user'],
  ['x-remote-group', 'x-remote-group'],
  ['X-Remote-Extra-A', 'x-remote-extra-a'],
  ['x_remote_user', 'x_remote_user'],
  ['X-Remote_User', 'x-remote_user'],
  ['x_remote-uid', 'x_remote-uid'],
];

const ofNobody = [
  'impersonate',
  'impersonation-user',
  'x-impersonate-user',
  'x-remote',
  'remote-user',
  'x-forwarded-user',
  'impersonate.user',
  '-impersonate-extra-',
];

const parts: readonly (readonly [what: string, message: CheckRequest])[] = [
  ['nothing', {}],
  ['empty attributes', { attributes: {} }],
  ['an empty request', { attributes: { request: {} } }],
  ['an empty HTTP request', { attributes: { request: { http: {} } } }],
  ['no path', { attributes: { request: { http: { method: 'GET' } } } }],
  ['no method', { attributes: { request: { http: { path: '/' } } } }],
  [
    'a source alone',
    { attributes: { source: { address: { socket_address: { address: '::1' } } } } },
  ],
];

describe('a CheckRequest', () => {
  for (const [what, message] of parts) {
    it(`with ${what} is refused as one that Envoy does not send for HTTP`, async () => {
      for (const one of [message, requestThroughBytes(message)]) {
        const { reason, message: told } = await denialOf(() => toKubeRequest(one));
        assert.equal(reason, 'check_malformed');
        assert.match(told, /check that an HTTP ext_authz filter asks it$/);
      }
    });
  }

  it('gives method, path, request ID and source', () => {
    const { headers, ...rest } = read([
      ['x-request-id', 'request-1'],
      ['x-forwarded-for', '198.51.100.1, 203.0.113.9'],
    ]);
    assert.deepEqual(rest, {
      method: 'GET',
      path: '/api/v1/pods?limit=500',
      requestID: 'request-1',
      source: { peer: '192.0.2.7', forwardedFor: '198.51.100.1, 203.0.113.9' },
    });
    assert.deepEqual(headers, unreadableRequest().headers);
  });

  it('may come without a source, from a Unix socket for one', () => {
    const message = { attributes: { request: { http: line } } };
    assert.deepEqual(toKubeRequest(message).source, { peer: '', forwardedFor: '' });
    const empty = { attributes: { source: { address: {} }, request: { http: line } } };
    assert.deepEqual(toKubeRequest(empty).source, { peer: '', forwardedFor: '' });
  });

  it('says nothing of a request it could not be read for', () => {
    const { headers, ...rest } = unreadableRequest();
    const { joined, ...lists } = headers;
    assert.equal(joined, false);
    assert.deepEqual(rest, {
      method: '',
      path: '',
      requestID: '',
      source: { peer: '', forwardedFor: '' },
    });
    assert.ok(Object.values(lists).every((lines: readonly unknown[]) => lines.length === 0));
  });
});

for (const form of ['raw', 'joined'] as const) {
  describe(`${form} headers`, () => {
    it('give the lines that decide, whatever the case of their names', () => {
      const { headers } = read(
        [
          ['Authorization', 'Bearer token'],
          ['CONNECTION', 'Upgrade'],
          ['Upgrade', 'websocket'],
          ['Sec-WebSocket-Protocol', 'v5, v4'],
          [':path', '/livez'],
          [':method', 'POST'],
          [':authority', 'impersonate-user'],
          ['x-anything', 'Impersonate-User: admin'],
        ],
        form,
      );
      assert.deepEqual(headers, {
        authorization: ['Bearer token'],
        connection: ['Upgrade'],
        upgrade: ['websocket'],
        subprotocols: ['v5, v4'],
        identityNames: [],
        impersonation: [],
        joined: form === 'joined',
        undecodable: [],
      });
    });

    for (const [name, asRead] of ofIdentity) {
      it(`tell that ${name} speaks of an identity, also when it is empty`, () => {
        for (const value of ['admin', '']) {
          assert.deepEqual(read([[name, value]], form).headers.identityNames, [asRead]);
        }
      });
    }
    for (const name of ofNobody) {
      it(`tell that ${name} does not speak of an identity`, () => {
        assert.deepEqual(read([[name, 'admin']], form).headers.identityNames, []);
      });
    }

    it('take no harm from names that every JavaScript object knows', () => {
      for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
        const { headers } = read(
          [
            [name, 'x'],
            ['authorization', 'Bearer token'],
          ],
          form,
        );
        assert.deepEqual(headers.authorization, ['Bearer token']);
        assert.deepEqual(headers.identityNames, []);
      }
    });

    it('do not set method or path', () => {
      const { method, path } = read(
        [
          [':method', 'DELETE'],
          [':path', '/'],
          ['path', '/'],
        ],
        form,
      );
      assert.deepEqual([method, path], ['GET', '/api/v1/pods?limit=500']);
    });
  });
}

describe('raw headers', () => {
  it('keep lines of one name apart, in order', () => {
    const { headers, source } = read([
      ['authorization', 'one'],
      ['connection', 'close'],
      ['Authorization', 'two'],
      ['connection', 'Impersonate-User'],
      ['x-forwarded-for', 'a'],
      ['X-Forwarded-For', 'b'],
    ]);
    assert.deepEqual(headers.authorization, ['one', 'two']);
    assert.deepEqual(headers.connection, ['close', 'Impersonate-User']);
    assert.equal(source.forwardedFor, 'a, b');
  });

  it('name a repeated identity header once', () => {
    const { headers } = read([
      ['impersonate-group', 'a'],
      ['Impersonate-Group', 'b'],
    ]);
    assert.deepEqual(headers.identityNames, ['impersonate-group']);
  });

  it('keep the bytes of UTF-8, a byte order mark too', () => {
    const { headers } = read([['authorization', '\ufeffBearer größe']]);
    assert.deepEqual(headers.authorization, ['\ufeffBearer größe']);
  });

  for (const name of [
    'authorization',
    'connection',
    'upgrade',
    'sec-websocket-protocol',
    'impersonate-user',
    'impersonate-extra-a',
  ]) {
    it(`tell of bytes in ${name} that are no UTF-8 (CVE-2023-27488)`, () => {
      const { headers } = read([
        [name.toUpperCase(), invalid],
        [name, 'x'],
      ]);
      assert.deepEqual(headers.undecodable, [name]);
    });
  }

  it('may hold any bytes where nothing is decided by them', () => {
    const { headers } = read([
      ['x-anything', invalid],
      ['x-request-id', invalid],
      ['x-forwarded-for', invalid],
      ['x-remote-user', invalid],
    ]);
    assert.deepEqual(headers.undecodable, []);
    assert.deepEqual(headers.identityNames, ['x-remote-user']);
  });

  it('have the path as it goes upstream, where the other one shows lost bytes as `!`', () => {
    const path = '/api/v1/pods?fieldSelector=metadata.name!=x';
    const target = Buffer.from('/api/v1/pods?fieldSelector=metadata.name\xff=x', 'latin1');
    const header_map = { headers: [{ key: ':path', raw_value: target }] };
    const message = { attributes: { request: { http: { ...line, path, header_map } } } };
    assert.equal(toKubeRequest(message).path, '/api/v1/pods?fieldSelector=metadata.name\ufffd=x');
  });

  it('may come as text in the place of bytes', () => {
    const header_map = { headers: [{ key: 'Authorization', value: 'Bearer token' }] };
    const message = { attributes: { request: { http: { ...line, header_map } } } };
    for (const one of [message, requestThroughBytes(message)]) {
      assert.deepEqual(toKubeRequest(one).headers.authorization, ['Bearer token']);
    }
  });

  it('count beside joined ones: neither form hides the other', () => {
    const header_map = {
      headers: [{ key: 'authorization', raw_value: Buffer.from('Bearer one') }],
    };
    const headers = { authorization: 'Bearer two', 'Impersonate-User': 'admin' };
    const message = { attributes: { request: { http: { ...line, header_map, headers } } } };
    const { headers: both } = toKubeRequest(requestThroughBytes(message));
    assert.deepEqual(both.authorization, ['Bearer one', 'Bearer two']);
    assert.deepEqual(both.identityNames, ['impersonate-user']);
  });
});

/** A request with these headers, as it comes out of protobuf's bytes. */
function read(lines: readonly Line[], form: 'raw' | 'joined' = 'raw'): KubeRequest {
  const shown =
    form === 'raw'
      ? {
          header_map: {
            headers: lines.map(([key, value]) => ({ key, raw_value: Buffer.from(value) })),
          },
        }
      : {
          headers: Object.fromEntries(
            lines.map(([key, value]) => [key, Buffer.from(value).toString()]),
          ),
        };
  const source = { address: { socket_address: { address: '192.0.2.7', port_value: 50_000 } } };
  return toKubeRequest(
    requestThroughBytes({ attributes: { source, request: { http: { ...line, ...shown } } } }),
  );
}
