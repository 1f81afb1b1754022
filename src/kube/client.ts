// Sends requests to the API server over HTTPS. The client library's own way of doing it opens a
// connection for every request, follows redirects with the body, reads answers of any size, and
// quotes them in its errors.
import { request, type Dispatcher } from 'undici';
import { errorMessage } from '../lib/error-message.ts';
import { createTurns } from '../lib/turns.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { createConnections } from './connections.ts';

export interface KubeClient {
  /** POSTs JSON. Follows no redirect; rejects with a sentence that quotes neither request nor answer. */
  readonly post: (path: string, body: object, signal: AbortSignal) => Promise<KubeAnswer>;
  /** GETs JSON, in the same way. */
  readonly get: (path: string, signal: AbortSignal) => Promise<KubeAnswer>;
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
  /** More requests than this wait: of too many at once kube-apiserver refuses some. Default 100. */
  readonly maxAtOnce?: number;
  /** Default 64; one is enough where HTTP/2 is spoken. */
  readonly maxConnections?: number;
  /** A connection over HTTP/2 that says nothing for two of these is given up; default 2 000 ms. */
  readonly pingIntervalMs?: number;
}

/** A client that keeps connections open; one whose credentials or CA have changed is not used again. */
export function createKubeClient(
  access: ClusterAccess,
  options: KubeClientOptions = {},
): KubeClient {
  const { maxBytes = 1024 * 1024, maxConnections = 64, pingIntervalMs = 2_000 } = options;
  const connections = createConnections({ maxBytes, maxConnections, pingIntervalMs });
  const takeTurn = createTurns(options.maxAtOnce ?? 100);

  async function exchange(asked: Asked, signal: AbortSignal): Promise<KubeAnswer> {
    const { server, options: tls, headers } = await unlessAborted(access.connection(), signal);
    const outgoing = { ...asked, url: `${server}${asked.path}`, headers, signal };
    const dispatcher = connections.forOptions(tls);
    const response = await send(outgoing, dispatcher)
      .catch((error: unknown) => {
        if (!isLost(error)) throw error;
        return send(outgoing, dispatcher); // on another connection, which undici opens
      })
      .catch((error: unknown) => {
        throw faultOf(error);
      });
    return { status: response.statusCode, content: await readJson(response.body, maxBytes) };
  }
  return {
    post: async (path, body, signal) => {
      const asked = { method: 'POST', path, text: JSON.stringify(body) } as const;
      return takeTurn(() => exchange(asked, signal), signal);
    },
    get: (path, signal) => takeTurn(() => exchange({ method: 'GET', path }, signal), signal),
    stop: connections.stop,
  };
}

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly text?: string;
}

interface Outgoing extends Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

function send(
  { url, method, text, signal, ...own }: Outgoing,
  dispatcher: Dispatcher,
): Promise<Dispatcher.ResponseData> {
  const headers = {
    ...own.headers,
    accept: 'application/json',
    ...(text !== undefined && { 'content-type': 'application/json' }),
    'user-agent': 'kube-ext-authz',
  };
  return request(url, { dispatcher, method, headers, body: text ?? null, signal });
}

async function readJson(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<unknown> {
  const bytes = await body.arrayBuffer().catch((error: unknown) => {
    if (isLost(error)) throw new Error('the answer was aborted by the loss of its connection');
    throw faultOf(error, maxBytes);
  });
  return parseJson(bytes);
}

/**
 * Bytes that are not UTF-8 are nothing here: read leniently they would be another name. An answer that
 * was cut short may look whole over HTTP/2, and is no JSON.
 */
function parseJson(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined; // the parser's own message quotes it
  }
}

/** Errors of a connection that ended under a request. What is asked here may be asked twice. */
const lossCodes: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ERR_HTTP2_GOAWAY_SESSION',
  'ERR_HTTP2_INVALID_SESSION',
  'ERR_HTTP2_SESSION_ERROR',
  'ERR_HTTP2_STREAM_CANCEL',
  'UND_ERR_INFO', // GOAWAY
  'UND_ERR_SOCKET',
]);

function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isRefused = 'http2ErrorCode' in error && error.http2ErrorCode === refusedStream;
  return isRefused || lossCodes.has(codeOf(error));
}

/** RFC 9113 section 7. */
const refusedStream = 7;

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

/** Not the error itself: a parser's error holds the bytes it stumbled over. */
function faultOf(error: unknown, maxBytes = 0): Error {
  if (!(error instanceof Error)) return new Error(errorMessage(error));
  const code = codeOf(error);
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return new Error(`the answer is larger than ${maxBytes} bytes`);
  }
  if (error.name === 'HTTPParserError') return new Error(`Parse Error: ${error.message}`);
  if (isLost(error)) return new Error(`the connection was lost (hang up): ${error.message}`);
  // A refused dual-stack connection is an AggregateError without a message.
  return new Error(error.message || code);
}
