/** The checks that are sent: what Envoy asks about one `kubectl get pods`, ready-made. */
import { Client, credentials } from '@grpc/grpc-js';
import {
  authorizationServiceName,
  loadService,
  type CheckRequest,
  type CheckResponse,
} from '../src/transport/proto.ts';
import { encodeRequest, type EncodedRequest, type HeaderLines } from './http2-frames.ts';

interface CheckMethod {
  readonly path: string;
  readonly requestSerialize: (request: CheckRequest) => Buffer;
  readonly responseSerialize: (response: CheckResponse) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => CheckResponse;
}

/** The Check method by the server's own protos. */
export const checkMethod = findCheckMethod();

/** As Envoy sends it to its authorization cluster. */
const grpcHeaders: HeaderLines = [
  [':method', 'POST'],
  [':path', checkMethod.path],
  [':authority', 'kube_ext_authz'],
  [':scheme', 'http'],
  ['te', 'trailers'],
  ['grpc-timeout', '5000m'],
  ['content-type', 'application/grpc'],
  ['x-envoy-internal', 'true'],
  ['x-forwarded-for', '192.0.2.2'],
  ['x-envoy-expected-rq-timeout-ms', '5000'],
];

const kubectlHeaders: HeaderLines = [
  ['user-agent', 'kubectl/v1.36.3 (linux/amd64) kubernetes/abcdef0'],
  ['accept', 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'],
  ['accept-encoding', 'gzip'],
  ['kubectl-command', 'kubectl get'],
  ['kubectl-session', 'b0a9a7c7-4e15-4a42-9b77-6d4f3d1e4b5a'],
  ['x-forwarded-for', '192.0.2.2'],
  ['x-forwarded-proto', 'https'],
  ['x-envoy-external-address', '192.0.2.2'],
  ['x-request-id', '3bbec7dc-bdad-42c3-b2bb-e0268f8f65e6'],
];

/** The HTTP/2 request that asks about a request with this bearer token, and these headers besides. */
export function encodeCheck(token: string, more: HeaderLines = []): EncodedRequest {
  const message = serializeCheck(token, more);
  const prefix = Buffer.alloc(5); // not compressed, and the length
  prefix.writeUInt32BE(message.length, 1);
  return encodeRequest(grpcHeaders, Buffer.concat([prefix, message]));
}

/** Asks once, by grpc-js; resolves with the reply's bytes. */
export async function askOnce(port: number, token: string): Promise<Buffer> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    return await new Promise((resolve, reject) => {
      const deadline = { deadline: Date.now() + 5_000 };
      const message = serializeCheck(token);
      client.makeUnaryRequest(checkMethod.path, asIs, asIs, message, deadline, (error, bytes) => {
        if (bytes) resolve(bytes);
        else reject(error ?? new Error('no reply'));
      });
    });
  } finally {
    client.close();
  }
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

function serializeCheck(token: string, more: HeaderLines = []): Buffer {
  const [method, path, host, scheme] = [
    'GET',
    '/api/v1/namespaces/default/pods?limit=500',
    '127.0.0.1:6443',
    'https',
  ];
  const lines: HeaderLines = [
    [':authority', host],
    [':path', path],
    [':method', method],
    [':scheme', scheme],
    ['authorization', `Bearer ${token}`],
    ...kubectlHeaders,
    ...more,
  ];
  const headers = lines.map(([key, value]) => ({ key, raw_value: Buffer.from(value) }));
  return checkMethod.requestSerialize({
    attributes: {
      source: { address: { socket_address: { address: '192.0.2.2' } } },
      request: { http: { method, path, header_map: { headers } } },
    },
  });
}

function findCheckMethod(): CheckMethod {
  const method = loadService('external_auth', authorizationServiceName)['Check'];
  if (!method) throw new Error('the protos have no Check method');
  return method;
}
