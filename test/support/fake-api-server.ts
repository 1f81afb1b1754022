/** An API server that says what a test wants, over HTTPS, and a kubeconfig that leads to it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createSecureServer, type Settings } from 'node:http2';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Server } from 'node:tls';
import { createAuthority } from '../../lab/certificates.ts';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly text: string;
}

export type Answerer = (
  received: Received,
  response: ServerResponse,
  request: IncomingMessage,
) => void;

export interface FakeApiServer {
  readonly url: string;
  readonly dir: string;
  readonly kubeconfig: string;
  /** What the kubeconfig names as `tokenFile`. */
  readonly tokenFile: string;
  readonly caFile: string;
  readonly received: readonly Received[];
  /** Connections that were opened so far. */
  connections(): number;
  answerWith(answerer: Answerer): void;
  stop(): Promise<void>;
}

export interface FakeApiServerOptions {
  /** It speaks HTTP/2, and that alone, with these settings; default: HTTP/1.1 alone. */
  readonly http2?: Settings;
}

/** Starts it on a free port; it takes every token until it is told otherwise. */
export async function startFakeApiServer({
  http2,
}: FakeApiServerOptions = {}): Promise<FakeApiServer> {
  const dir = mkdtempSync(join(tmpdir(), 'fake-api-server-'));
  const authority = await createAuthority('fake API server CA');
  const { certPem, keyPem } = await authority.issue({ commonName: 'api', hosts: ['127.0.0.1'] });
  const received: Received[] = [];
  let answer: Answerer = answerYes;
  let connections = 0;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, authorization: headers.authorization, text };
      received.push(one);
      answer(one, response, request);
    });
  };
  const tls = { cert: certPem, key: keyPem };
  const server: Server = http2 ? createHttp2Server(tls, http2) : createServer(tls);
  server.on('request', handle);
  const sockets: Duplex[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  server.on('secureConnection', () => (connections += 1));
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const url = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const [caFile, tokenFile] = [join(dir, 'ca.crt'), join(dir, 'token')];
  writeFileSync(caFile, authority.certPem);
  writeFileSync(tokenFile, 'reviewer-token\n');
  const kubeconfig = join(dir, 'kubeconfig');
  writeKubeconfig({ file: kubeconfig, server: url, caFile: 'ca.crt', tokenFile: 'token' });
  return {
    url,
    dir,
    kubeconfig,
    tokenFile,
    caFile,
    received,
    connections: () => connections,
    answerWith: (answerer) => (answer = answerer),
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      });
      rmSync(dir, { recursive: true });
    },
  };
}

/** Its requests and responses are made to be used like those of HTTP/1.1. */
function createHttp2Server(
  tls: { readonly cert: string; readonly key: string },
  settings: Settings,
): Server {
  const server = createSecureServer({ ...tls, settings });
  server.on('session', (session) => session.on('error', () => undefined));
  server.on('sessionError', () => undefined);
  return server;
}

function answerYes(_: Received, response: ServerResponse): void {
  answerJson(response, 201, reviewAnswer());
}

/** kube-apiserver's answer about a good token, with the fields given set over its status. */
export function reviewAnswer(status: Readonly<Record<string, unknown>> = {}): object {
  const user = {
    username: 'alice',
    uid: 'u-1',
    groups: ['dev'],
    extra: { 'example.com/a': ['b'] },
  };
  return {
    kind: 'TokenReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: {},
    status: { authenticated: true, user, ...status },
  };
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  answerText(response, status, JSON.stringify(body));
}

export function answerText(response: ServerResponse, status: number, body: string | Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
}
