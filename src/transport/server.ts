// The gRPC server: one address, TLS if wanted, Check and health, and an end that loses no check.
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../lib/logger.ts';
import type { Authorization, Undecodable } from './authorization.ts';
import type { Health } from './health.ts';
import { authorizationServiceName, healthServiceName, loadService } from './proto.ts';
import { createTlsCredentials, type ReloadingCredentials, type TlsOptions } from './tls.ts';

export interface GrpcServerOptions {
  /** `host:port` (port 0 is a free one) or `unix:/path`. */
  readonly address: string;
  readonly tls?: Omit<TlsOptions, 'log'> | undefined;
  readonly authorization: Authorization;
  readonly health: Health;
  readonly log: Logger;
}

export interface GrpcServer {
  /** The address with the port that was taken. */
  readonly address: string;
  /** Stops accepting, lets checks under way finish within `graceMs`, then closes. */
  stop(graceMs: number): Promise<void>;
}

/** Listens; rejects with a sentence when it can't. */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { address, tls, authorization, health, log } = options;
  const reloading = tls && (await createTlsCredentials({ ...tls, log }));
  // Envoy keeps one connection for good. Limits on streams would fail its bursts.
  const server = new Server({ 'grpc.max_receive_message_length': 4 * 1024 * 1024 });
  server.addService(tolerant(loadService('external_auth', authorizationServiceName)), {
    Check: authorization.check,
  });
  server.addService(loadService('health', healthServiceName), {
    Check: health.check,
    Watch: health.watch,
  });
  const bound = await bind(server, address, reloading);
  return {
    address: bound,
    stop: async (graceMs) => {
      reloading?.stop();
      health.close();
      await closeWithin(server, graceMs);
    },
  };
}

/** Bytes that are no CheckRequest come through as such: grpc-js would answer with an error, an outage to Envoy. */
function tolerant(service: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(service).map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer): unknown => {
      try {
        return method.requestDeserialize(bytes);
      } catch (error) {
        return { undecodable: error } satisfies Undecodable;
      }
    };
    return [name, { ...method, requestDeserialize }] as const;
  });
  return Object.fromEntries(methods);
}

async function bind(
  server: Server,
  address: string,
  reloading: ReloadingCredentials | undefined,
): Promise<string> {
  if (address.startsWith('unix:')) await removeStaleSocket(address.replace(/^unix:(\/\/)?/, ''));
  const credentials = reloading?.credentials ?? ServerCredentials.createInsecure();
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error) reject(new Error(`grpc.address ${address}: ${error.message}`, { cause: error }));
      else resolve(port > 0 ? address.replace(/:\d+$/, `:${port}`) : address);
    });
  });
}

/** A process that was killed leaves its socket behind; one that answers is not ours to remove. */
async function removeStaleSocket(path: string): Promise<void> {
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => resolve(true)).on('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  if (answers) throw new Error(`grpc.address unix:${path}: another process listens there`);
  const found = await stat(path).catch(() => undefined);
  if (found?.isSocket()) await rm(path, { force: true });
}

async function closeWithin(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  const timer = new AbortController();
  const late = sleep(graceMs, true, { signal: timer.signal }).catch(() => false);
  if (await Promise.race([closed.then(() => false), late])) server.forceShutdown();
  timer.abort();
}
