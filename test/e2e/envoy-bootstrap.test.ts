/** envoy/bootstrap.yaml: Envoy accepts it, and every setting that safety hangs on is there. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { fillIn, renderBootstrap, type BootstrapValues } from '../../lab/bootstrap.ts';
import { validateBootstrap } from '../../lab/envoy.ts';
import { absent, safetySettings } from '../support/safety-settings.ts';
import { envoyProgram, writeCertificates } from '../support/envoy-rig.ts';

const values: BootstrapValues = {
  certFile: 'tls.crt',
  keyFile: 'tls.key',
  accessLog: 'access.log',
  apiServer: { address: '127.0.0.1', port: 6443, caFile: 'ca.crt' },
  authz: { endpoints: [{ address: '127.0.0.1', port: 9001 }] },
};

const tls = {
  caFile: 'ca.crt',
  serverName: 'authz.example',
  certFile: 'tls.crt',
  keyFile: 'tls.key',
};

const variants: readonly (readonly [name: string, values: Partial<BootstrapValues>])[] = [
  ['one process over TCP', {}],
  ['a port and an address of its own', { listenAddress: '0.0.0.0', port: 8443 }],
  [
    'processes behind Unix sockets',
    { authz: { endpoints: [{ pipe: '/a.sock' }, { pipe: '/b' }] } },
  ],
  ['TLS by name', { authz: { endpoints: [{ address: 'authz.example', port: 9001 }], tls } }],
  [
    'TLS by address, without a certificate of its own',
    {
      authz: {
        endpoints: [{ address: '10.0.0.1', port: 9001 }],
        tls: { caFile: 'ca.crt', serverName: '10.0.0.1' },
      },
    },
  ],
  [
    'an API server by name',
    { apiServer: { address: 'kubernetes.default.svc', port: 443, caFile: 'ca.crt' } },
  ],
];

describe('the bootstrap', () => {
  let dir: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'envoy-bootstrap-'));
    await writeCertificates(dir);
  });
  after(() => rmSync(dir, { recursive: true }));

  for (const [name, variant] of variants) {
    it(`is accepted by Envoy with ${name}`, async () => {
      const file = join(dir, 'envoy.yaml');
      const text = renderBootstrap({ ...values, ...variant });
      writeFileSync(
        file,
        text.replaceAll(/"(ca\.crt|tls\.crt|tls\.key|access\.log)"/g, `"${dir}/$1"`),
      );
      await validateBootstrap(file, await envoyProgram());
    });
  }

  it('is refused by Envoy when it is wrong, and the error says why', async () => {
    const file = join(dir, 'wrong.yaml');
    writeFileSync(file, 'static_resources: { listeners: 1 }');
    await assert.rejects(validateBootstrap(file, await envoyProgram()), /listeners/);
  });
});

describe('the bootstrap for one process over TCP', () => {
  const text = renderBootstrap(values);
  const config: unknown = parse(text);

  for (const [prefix, group] of Object.entries(safetySettings)) {
    for (const [setting, expected] of Object.entries(group)) {
      it(`has ${setting} ${expected === absent ? 'nowhere' : JSON.stringify(expected)} in ${prefix}`, () => {
        const value = valueAt(config, `${prefix}/${setting}`.split('/'));
        assert.deepEqual(value, expected === absent ? undefined : expected);
      });
    }
  }

  it('logs no request header that may hold a credential', () => {
    assert.doesNotMatch(text, /%REQ\((authorization|cookie|sec-websocket-protocol|x-remote)/i);
  });
});

describe('a template', () => {
  it('gets each value as JSON', () => {
    assert.equal(fillIn('a: ${a}\nb: ${b}', { a: 'x: "y"', b: [1] }), 'a: "x: \\"y\\""\nb: [1]');
  });

  it('must not ask for what there is not', () => {
    assert.throws(() => fillIn('${a} ${b}', { a: 1 }), /unknown "b"/);
    assert.throws(() => fillIn('${}', {}), /unknown ""/);
    assert.throws(() => fillIn('${toString}', {}), /unknown "toString"/);
  });

  it('must have a place for every value', () => {
    assert.throws(() => fillIn('${a}', { a: 1, b: 2 }), /no place for b/);
  });
});

function valueAt(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => {
    const isParent = typeof inner === 'object' && inner !== null;
    return isParent ? Object.entries(inner).find(([name]) => name === key)?.[1] : undefined;
  }, config);
}
