/** Stands where the API server stands: TLS, HTTP/2 and HTTP/1.1, and remembers each request line by line. */
import { createSecureServer, type Http2ServerRequest } from 'node:http2';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from '../../lab/certificates.ts';

export interface SeenRequest {
  readonly protocol: string;
  readonly method: string;
  readonly path: string;
  /** Header lines as they came, in their order. */
  readonly lines: readonly (readonly [name: string, value: string])[];
}

export interface RecordingUpstream {
  readonly port: number;
  /** The requests whose `x-case` header is this. */
  seen(caseName: string): readonly SeenRequest[];
  /** Every request there was. */
  all(): readonly SeenRequest[];
  stop(): void;
}

/** Serves on a free port of 127.0.0.1: 200 to everything, 101 to an upgrade. */
export async function startRecordingUpstream({
  certPem,
  keyPem,
}: Certificate): Promise<RecordingUpstream> {
  const requests: SeenRequest[] = [];
  const sockets = new Set<Duplex>();
  const server = createSecureServer({
    cert: certPem,
    key: keyPem,
    allowHTTP1: true,
    maxHeaderListPairs: 2_000,
  });
  server.on('request', (request, response) => {
    requests.push(record(request));
    response.end('upstream');
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    requests.push(record(request));
    const protocol = request.headers.upgrade ?? '';
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${protocol}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: portOf(server.address()),
    seen: (name) => requests.filter(({ lines }) => valuesOf(lines, 'x-case').includes(name)),
    all: () => requests,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The values of all lines of that name. */
export function valuesOf(lines: SeenRequest['lines'], name: string): readonly string[] {
  return lines.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

function record(request: IncomingMessage | Http2ServerRequest): SeenRequest {
  const { httpVersion, method = '', url = '', rawHeaders } = request;
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [[name, utf8(rawHeaders[index + 1] ?? '')] as const] : [],
  );
  return { protocol: httpVersion, method, path: url, lines };
}

/** Node hands header bytes out as Latin-1. */
function utf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}
