/** The ways in: TLS with a client CA, Unix sockets, ports that are taken; and certificates that are renewed. */
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { createAuthority, type Authority, type Certificate } from '../../lab/certificates.ts';
import { startIssuer, type Issuer } from '../../lab/issuer.ts';
import { waitUntil } from '../../lab/wait.ts';
import { connectCheckClient } from '../support/check-client.ts';
import { startRunningApp, type RunningApp } from '../support/running-app.ts';

const localhost = { commonName: 'kube-ext-authz', hosts: ['localhost', '127.0.0.1'] };

describe('the gRPC address', () => {
  let issuer: Issuer;
  let authority: Authority;
  let stranger: Authority;
  let dir: string;
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'doors-'));
    issuer = await startIssuer();
    authority = await createAuthority('doors CA');
    stranger = await createAuthority('stranger CA');
  });
  after(async () => {
    await issuer.close();
    rmSync(dir, { recursive: true });
  });

  const file = (name: string): string => join(dir, name);
  const write = ({ certPem, keyPem }: Certificate): void => {
    writeFileSync(file('tls.crt'), certPem);
    writeFileSync(file('tls.key'), keyPem);
  };

  async function startWithTls(clientCA: boolean): Promise<RunningApp> {
    write(await authority.issue(localhost));
    writeFileSync(file('ca.crt'), authority.certPem);
    const tls = { certFile: file('tls.crt'), keyFile: file('tls.key') };
    const grpc = {
      address: '127.0.0.1:0',
      drainPeriod: '0s',
      tls: { ...tls, ...(clientCA && { clientCAFile: file('ca.crt') }) },
    };
    return startRunningApp({ issuers: [issuer], config: { grpc } });
  }

  it('with TLS serves whoever trusts its CA', async (t) => {
    const { app, stop } = await startWithTls(false);
    t.after(stop);
    assert.equal(await reaches(app.grpcAddress, channelTo(authority)), true);
    assert.equal(await reaches(app.grpcAddress, channelTo(stranger)), false);
    assert.equal(await reaches(app.grpcAddress, credentials.createInsecure()), false);
  });

  it('with a client CA serves only certificates of that CA', async (t) => {
    const { app, stop } = await startWithTls(true);
    t.after(stop);
    const envoy = await authority.issue({ commonName: 'envoy' });
    const impostor = await stranger.issue({ commonName: 'envoy' });
    assert.equal(await reaches(app.grpcAddress, channelTo(authority, envoy)), true);
    assert.equal(await reaches(app.grpcAddress, channelTo(authority, impostor)), false);
    assert.equal(await reaches(app.grpcAddress, channelTo(authority)), false);
  });

  it('shows a renewed certificate to the next connection, and keeps the old one when the new one is broken', async (t) => {
    const { app, stop, logged } = await startWithTls(false);
    t.after(stop);
    const port = Number(app.grpcAddress.split(':')[1]);
    const first = await serialNumber(port, authority);
    const renewed = await authority.issue(localhost);
    writeFileSync(file('tls.key'), 'not a key');
    await waitUntil('the broken key to be refused', () => logged().includes('were refused'));
    assert.equal(await serialNumber(port, authority), first);
    write(renewed);
    await waitUntil('the renewed certificate to be shown', async () => {
      return (await serialNumber(port, authority)) !== first;
    });
    assert.equal(await reaches(app.grpcAddress, channelTo(authority)), true);
  });

  it('can be a Unix socket, also where a killed process left one', async (t) => {
    const socket = file('authz.sock');
    await leaveSocketBehind(socket);
    const grpc = { address: `unix:${socket}`, drainPeriod: '0s' };
    const { app, client, stop } = await startRunningApp({ issuers: [issuer], config: { grpc } });
    t.after(stop);
    assert.equal(app.grpcAddress, `unix:${socket}`);
    assert.equal((await client.check({})).reason, 'token_missing');
    await assert.rejects(
      startRunningApp({ issuers: [issuer], config: { grpc } }),
      /grpc\.address unix:.*authz\.sock: another process listens there/,
    );
    assert.equal((await client.check({})).reason, 'token_missing');
  });

  it('that is taken is named in the error, and nothing stays open', async (t) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    t.after(() => other.close());
    const taken = other.address();
    assert.ok(typeof taken === 'object' && taken !== null);
    const grpc = { address: `127.0.0.1:${taken.port}`, drainPeriod: '0s' };
    await assert.rejects(
      startRunningApp({ issuers: [issuer], config: { grpc } }),
      new RegExp(`grpc\\.address 127\\.0\\.0\\.1:${taken.port}: .*EADDRINUSE`),
    );
  });

  it('is not opened with a certificate that does not fit its key', async () => {
    write({
      certPem: (await authority.issue(localhost)).certPem,
      keyPem: (await authority.issue(localhost)).keyPem,
    });
    const tls = { certFile: file('tls.crt'), keyFile: file('tls.key') };
    const grpc = { address: '127.0.0.1:0', tls };
    await assert.rejects(
      startRunningApp({ issuers: [issuer], config: { grpc } }),
      /grpc\.tls: .*key/,
    );
  });
});

async function reaches(address: string, channel: ChannelCredentials): Promise<boolean> {
  const client = connectCheckClient(address.replace('127.0.0.1', 'localhost'), channel);
  try {
    return (await client.check({ timeoutMs: 3_000 })).reason === 'token_missing';
  } catch {
    return false;
  } finally {
    client.close();
  }
}

function channelTo(ca: Authority, client?: Certificate): ChannelCredentials {
  return credentials.createSsl(
    Buffer.from(ca.certPem),
    client ? Buffer.from(client.keyPem) : null,
    client ? Buffer.from(client.certPem) : null,
  );
}

const otherPaths = [
  'envoy.service.auth.v3.Authorization/Check',
  '//envoy.service.auth.v3.Authorization/Check',
  '/envoy.service.auth.v3.Authorization/Check/',
  '/envoy.service.auth.v3.Authorization/check',
  '/envoy.service.auth.v3.Authorization/../envoy.service.auth.v3.Authorization/Check',
  '/envoy.service.auth.v2.Authorization/Check',
  '/',
];

describe('a gRPC path that is not exactly that of Check', () => {
  let issuer: Issuer;
  let running: RunningApp;
  before(async () => {
    issuer = await startIssuer();
    running = await startRunningApp({ issuers: [issuer] });
  });
  after(async () => {
    await running.stop();
    await issuer.close();
  });

  for (const path of otherPaths) {
    it(`gets no decision: ${path}`, async () => {
      const session = connectHttp2(`http://${running.app.grpcAddress}`);
      const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc' };
      const stream = session.request({ ...headers, te: 'trailers' });
      const answered = new Promise<string>((resolve) => {
        stream.on('response', (answer) => resolve(`status ${String(answer['grpc-status'])}`));
        stream.on('error', () => resolve('reset')); // by Node, which wants a path to begin with "/"
      });
      stream.end(Buffer.from('0000000000', 'hex'));
      assert.equal(await answered, path.startsWith('/') ? 'status 12' : 'reset');
      session.destroy();
    });
  }
});

/** The serial number of the certificate that a new connection is shown. */
function serialNumber(port: number, { certPem: ca }: Authority): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2'] }, () => {
      const { serialNumber: serial } = socket.getPeerCertificate();
      socket.destroy();
      resolve(serial);
    });
    socket.on('error', reject);
  });
}

async function leaveSocketBehind(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)})`;
  const child = spawn(process.execPath, ['-e', script]);
  await waitUntil('the socket', () => existsSync(path));
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.ok(existsSync(path));
}
