// Connections to the API server: HTTP/2 where it is spoken, so that any number of requests at once
// need one connection, and HTTP/1.1 elsewhere. undici sees to streams, pings and GOAWAY; here is with
// which credentials a connection may be used.
import { isDeepStrictEqual } from 'node:util';
import { Agent, type Dispatcher } from 'undici';
import type { Connection } from './cluster-access.ts';

export interface Connections {
  /** Those that were opened with these credentials; the ones of other credentials are not used again. */
  readonly forOptions: (options: Connection['options']) => Dispatcher;
  readonly stop: () => void;
}

export interface ConnectionsOptions {
  readonly maxBytes: number;
  readonly maxConnections: number;
  readonly pingIntervalMs: number;
}

/** Idle connections are closed before a load balancer on the way forgets them, in milliseconds. */
const idleMs = 30_000;
const connectTimeoutMs = 10_000;

/** Opens none before the first request. */
export function createConnections(options: ConnectionsOptions): Connections {
  const open = new Set<Agent>(); // those of old credentials still finish what they do
  let current: { readonly agent: Agent; readonly tls: Tls } | undefined;
  let isStopped = false;

  function renew(tls: Tls): Agent {
    if (current) retire(current.agent);
    const agent = createAgent(tls, options);
    open.add(agent);
    if (isStopped) void agent.destroy(); // it rejects whatever is asked
    current = { agent, tls };
    return agent;
  }
  function retire(agent: Agent): void {
    const forget = (): boolean => open.delete(agent);
    agent.close().then(forget, forget);
  }
  return {
    forOptions: (wanted) => {
      const tls = tlsOf(wanted);
      return current && isDeepStrictEqual(current.tls, tls) ? current.agent : renew(tls);
    },
    stop: () => {
      isStopped = true;
      for (const agent of open) void agent.destroy();
    },
  };
}

type Tls = Pick<Connection['options'], 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'servername'>;

function tlsOf({ ca, cert, key, pfx, passphrase, servername }: Connection['options']): Tls {
  return { ca, cert, key, pfx, passphrase, servername };
}

function createAgent(tls: Tls, options: ConnectionsOptions): Agent {
  const { maxBytes, maxConnections, pingIntervalMs } = options;
  const connect = {
    ...tls,
    rejectUnauthorized: true,
    preferH2: true,
    timeout: connectTimeoutMs,
  };
  return new Agent({
    connect,
    allowH2: true,
    h2Options: { pingInterval: pingIntervalMs },
    connections: maxConnections,
    keepAliveTimeout: idleMs,
    maxResponseSize: maxBytes,
    // A last resort: what is asked has a signal that ends it before.
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
  });
}
