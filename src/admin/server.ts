// The operator's side: /livez, /readyz and /metrics over plain HTTP on an address of its own.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JudgeScrape } from './metrics-access.ts';
import type { Readiness } from './readiness.ts';

export interface AdminOptions {
  /** `host:port`; port 0 is a free one. */
  readonly address: string;
  readonly readiness: () => Readiness;
  readonly metricsContentType: string;
  readonly renderMetrics: () => Promise<string>;
  /** Asked before /metrics is given out; absent: everybody gets it. */
  readonly judgeScrape?: JudgeScrape | undefined;
}

export interface AdminServer {
  /** Base URL. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Listens; rejects with a sentence when it can't. */
export async function startAdminServer(options: AdminOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answerTo(request, options).then(
      (answer) => send(response, answer),
      () => send(response, { status: 500, body: 'failed\n' }),
    );
  });
  const { host, port } = splitAddress(options.address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return {
    url: `http://${formatAddress(server.address())}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerTo(
  { method, url = '', headers }: IncomingMessage,
  options: AdminOptions,
): Promise<Answer> {
  const [path] = url.split('?');
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'only GET\n' };
  if (path === '/livez') return { status: 200, body: 'ok\n' };
  if (path === '/readyz') {
    const { ready, text } = options.readiness();
    return { status: ready ? 200 : 503, body: text };
  }
  if (path === '/metrics') {
    const refusal = await options.judgeScrape?.(headers.authorization);
    if (refusal) return refusal;
    const body = await options.renderMetrics();
    return { status: 200, body, headers: { 'content-type': options.metricsContentType } };
  }
  return { status: 404, body: 'there are /livez, /readyz and /metrics\n' };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}

/** `[::1]:9090`, `127.0.0.1:9090` or `:9090` (every address). */
function splitAddress(address: string): { host: string | undefined; port: number } {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  return { host: host === '' ? undefined : host, port: Number(address.slice(at + 1)) };
}

function formatAddress(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') return '';
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}
