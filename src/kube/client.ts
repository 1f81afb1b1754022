// Sends requests to the API server over HTTPS. The client library's own way of doing it opens a
// connection for every request, follows redirects with the body, reads answers of any size, and
// quotes them in its errors.
import type { IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import { errorMessage } from '../lib/error-message.ts';
import type { ClusterAccess, Connection } from './cluster-access.ts';

export interface KubeClient {
  /** POSTs JSON. Follows no redirect; rejects with a sentence that quotes neither request nor answer. */
  readonly post: (path: string, body: object, signal: AbortSignal) => Promise<KubeAnswer>;
  readonly stop: () => void;
}

export interface KubeAnswer {
  readonly status: number;
  /** What the answer's JSON says; undefined when it is not JSON in UTF-8. */
  readonly content: unknown;
}

export interface KubeClientOptions {
  /** Of an answer; default 1 MiB. */
  readonly maxBytes?: number;
  /** More requests than this wait for a connection that is free; default 64. */
  readonly maxConnections?: number;
}

/** A client that keeps connections open; one whose credentials or CA have changed is not used again. */
export function createKubeClient(
  access: ClusterAccess,
  { maxBytes = 1024 * 1024, maxConnections = 64 }: KubeClientOptions = {},
): KubeClient {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: maxConnections,
    maxFreeSockets: maxConnections,
    timeout: 30_000, // idle ones are closed before a load balancer on the way forgets them
  });
  return {
    post: async (path, body, signal) => {
      const { server, options, headers } = await access.connection();
      signal.throwIfAborted();
      const outgoing = {
        url: `${server}${path}`,
        text: JSON.stringify(body),
        headers,
        options: { ...options, rejectUnauthorized: true, signal },
      };
      const response = await send(outgoing, agent).catch((error: unknown) => {
        if (!(error instanceof StaleConnection)) throw error;
        return send(outgoing, false);
      });
      return { status: response.statusCode ?? 0, content: await readJson(response, maxBytes) };
    },
    stop: () => agent.destroy(),
  };
}

interface Outgoing {
  readonly url: string;
  readonly text: string;
  readonly headers: Connection['headers'];
  readonly options: RequestOptions;
}

/** A kept connection was closed as we wrote to it. What is asked here may be asked twice. */
class StaleConnection extends Error {}

function send(
  { url, text, options, ...own }: Outgoing,
  agent: Agent | false,
): Promise<IncomingMessage> {
  const headers = {
    ...own.headers,
    accept: 'application/json',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'user-agent': 'kube-ext-authz',
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ...options, method: 'POST', headers, agent }, resolve);
    outgoing.on('error', (error) => {
      const isReset = 'code' in error && ['ECONNRESET', 'EPIPE'].includes(String(error.code));
      // Not the error itself: a parser's error holds the bytes it stumbled over.
      reject(isReset && outgoing.reusedSocket ? new StaleConnection() : new Error(faultOf(error)));
    });
    outgoing.on('upgrade', (_, socket) => {
      socket.destroy();
      reject(new Error('the answer is 101, which nobody asked for'));
    });
    outgoing.end(text);
  });
}

async function readJson(response: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  const read = async (): Promise<void> => {
    for await (const chunk of response) {
      size += chunk.length;
      if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  };
  await read().catch((error: unknown) => {
    throw new Error(faultOf(error));
  });
  return parseJson(Buffer.concat(chunks));
}

/** Bytes that are not UTF-8 are nothing here: read leniently they would be another name. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined; // the parser's own message quotes it
  }
}

function faultOf(error: unknown): string {
  // A refused dual-stack connection is an AggregateError without a message.
  if (error instanceof Error && error.message === '' && 'code' in error) return String(error.code);
  return errorMessage(error);
}
