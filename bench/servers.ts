/** The two servers that are compared, each a process of its own: kube-ext-authz as it ships, and the bare one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { authenticationConfiguration } from '../lab/alice.ts';
import type { Issuer } from '../lab/issuer.ts';
import { onFreePort, startProcess, waitUntil, type RunningProcess } from '../lab/process.ts';
import { startServer, type RunningServer } from '../lab/server.ts';
import { askOnce } from './check-request.ts';

export interface Servers {
  readonly ours: RunningServer;
  readonly bare: BareServer;
  /** What ours answered to `token`, and what the bare one always answers. */
  readonly reply: Buffer;
}

export interface BareServer {
  readonly port: number;
  readonly process: RunningProcess;
}

export interface ServersOptions {
  readonly dir: string;
  readonly issuer: Issuer;
  /** The file with the token that goes upstream. */
  readonly upstreamTokenFile: string;
  /** How the API server is asked for reviews, if it is. */
  readonly kubeconfig?: string;
  /** One that is to be allowed. */
  readonly token: string;
}

/** Where the upstream token goes: apart, for kube-ext-authz looks at whatever is written in its token's folder. */
export function newTokenFile(dir: string): string {
  const folder = join(dir, 'service-account');
  mkdirSync(folder, { recursive: true });
  return join(folder, 'token');
}

/** Starts both; `stack` stops them. Throws when they don't answer alike. */
export async function startServers(
  { dir, issuer, upstreamTokenFile, kubeconfig, token }: ServersOptions,
  stack: AsyncDisposableStack,
): Promise<Servers> {
  const authentication = join(dir, 'authentication.yaml');
  writeFileSync(authentication, stringify(authenticationConfiguration(issuer)));
  const settings = {
    grpc: { drainPeriod: '0s' },
    kubernetes: { token: { file: upstreamTokenFile }, ...(kubeconfig && { kubeconfig }) },
    authentication: { configFile: authentication },
    audit: [{ format: 'json', path: join(dir, 'audit.log') }],
  };
  const ours = stack.adopt(await startServer({ dir, settings }), (server) => server.stop());
  const reply = await askOnce(ours.grpc.port, token);
  const bare = stack.adopt(await startBareServer(dir, reply), (server) => server.process.stop());
  const copy = await askOnce(bare.port, token);
  if (copy.length !== reply.length) {
    throw new Error(`the bare server answers ${copy.length} bytes, ours ${reply.length}`);
  }
  return { ours, bare, reply };
}

function startBareServer(dir: string, reply: Buffer): Promise<BareServer> {
  const program = fileURLToPath(new URL('bare-server.ts', import.meta.url));
  const replyFile = join(dir, 'reply.bin');
  writeFileSync(replyFile, reply, { mode: 0o600 });
  const launch = (port: number): BareServer => ({
    port,
    process: startProcess({
      name: 'the bare server',
      command: process.execPath,
      args: [program, String(port), replyFile],
      logFile: join(dir, 'bare-server.log'),
    }),
  });
  return onFreePort(launch, ({ port, process: running }) =>
    waitUntil('the bare server to answer', async () => (await askOnce(port, '')).length > 0, {
      timeoutMs: 30_000,
      process: running,
    }),
  );
}
