/** A client before a fake API server, over HTTP/2 unless a test says otherwise. */
import assert from 'node:assert/strict';
import { Http2ServerResponse } from 'node:http2';
import { createServer, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { writeKubeconfig } from '../../lab/kubeconfig.ts';
import {
  createKubeClient,
  type KubeAnswer,
  type KubeClient,
  type KubeClientOptions,
} from '../../src/kube/client.ts';
import { createClusterAccess } from '../../src/kube/cluster-access.ts';
import {
  answerJson,
  startFakeApiServer,
  type Answerer,
  type FakeApiServer,
  type FakeApiServerOptions,
} from './fake-api-server.ts';

export interface KubeClientRig {
  readonly api: FakeApiServer;
  readonly client: KubeClient;
  /** POSTs to `/<name>` with time enough. */
  readonly ask: (name: string, signal?: AbortSignal) => Promise<KubeAnswer>;
}

/** The server says the path to whoever asks. */
export async function startClient(
  t: TestContext,
  { http2 = {}, ...options }: KubeClientOptions & FakeApiServerOptions = {},
): Promise<KubeClientRig> {
  const api = await startFakeApiServer({ http2 });
  t.after(() => api.stop());
  api.answerWith(sayPath);
  return { api, ...openClient(t, api, options) };
}

/** The same before a server that speaks HTTP/1.1 alone. */
export async function startOldClient(t: TestContext): Promise<KubeClientRig> {
  const api = await startFakeApiServer();
  t.after(() => api.stop());
  api.answerWith(sayPath);
  return { api, ...openClient(t, api, {}) };
}

function openClient(
  t: TestContext,
  api: FakeApiServer,
  options: KubeClientOptions,
): Pick<KubeClientRig, 'client' | 'ask'> {
  const client = createKubeClient(createClusterAccess(api.kubeconfig), options);
  t.after(client.stop);
  const ask = (name: string, signal = AbortSignal.timeout(60_000)): Promise<KubeAnswer> =>
    client.post(`/${name}`, { asked: name }, signal);
  return { client, ask };
}

/** Names to ask for. */
export const fifty = Array.from({ length: 50 }, (_, index) => `question-${index}`);

export const sayPath: Answerer = ({ url }, response) => answerJson(response, 200, { said: url });

/** What an answer over HTTP/2 is written to. */
export function streamOf(response: unknown): Http2ServerResponse['stream'] {
  assert.ok(response instanceof Http2ServerResponse);
  return response.stream;
}

export interface Wire {
  readonly connections: number;
  /** From now on nothing passes over the connections there are; new ones are as good as ever. */
  cut(): void;
}

/** Puts a wire that can be cut without anybody's notice between the clients and the API server. */
export async function putWireBefore(t: TestContext, api: FakeApiServer): Promise<Wire> {
  const sockets: Socket[] = [];
  let connections = 0;
  const { hostname, port } = new URL(api.url);
  const server = createServer((inner) => {
    connections += 1;
    const outer = connect(Number(port), hostname);
    for (const socket of [inner, outer]) socket.on('error', () => undefined);
    inner.pipe(outer).pipe(inner);
    sockets.push(inner, outer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  pointTo(api, `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
  return {
    get connections() {
      return connections;
    },
    cut: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}

/** Rewrites the kubeconfig. */
export function pointTo(api: FakeApiServer, server: string): void {
  const files = { caFile: api.caFile, tokenFile: api.tokenFile };
  writeKubeconfig({ file: api.kubeconfig, server, ...files });
}
