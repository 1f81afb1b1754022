/** Asks the server as Envoy does: a real gRPC client, with headers in either of the two forms. */
import { credentials, makeGenericClientConstructor, type ChannelCredentials } from '@grpc/grpc-js';
import {
  authorizationServiceName,
  loadService,
  type CheckResponse,
  type Struct,
  type Value,
} from '../../src/transport/proto.ts';

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly lines?: readonly (readonly [name: string, value: string | Uint8Array])[];
  /** How Envoy hands the headers over; default raw (`encode_raw_headers`). */
  readonly form?: 'raw' | 'joined';
  readonly peer?: string;
  /** Milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

export interface Reply {
  /** HTTP status of a denial; 200 when allowed. */
  readonly status: number;
  /** `x-kube-ext-authz-reason`; empty when allowed. */
  readonly reason: string;
  /** Headers of the denial, or those that are set on the allowed request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
  readonly body: string;
  /** dynamic_metadata as plain JSON. */
  readonly metadata: unknown;
  readonly response: CheckResponse;
}

export interface CheckClient {
  check(question: Question): Promise<Reply>;
  /** Sends bytes in place of a CheckRequest. */
  checkBytes(bytes: Uint8Array): Promise<Reply>;
  close(): void;
}

const service = loadService('external_auth', authorizationServiceName);
const method = service['Check'];
const path = `/${authorizationServiceName}/Check`;
const Client = makeGenericClientConstructor(service, authorizationServiceName);

/** A client for `host:port` or `unix:/path`. */
export function connectCheckClient(
  address: string,
  channel: ChannelCredentials = credentials.createInsecure(),
): CheckClient {
  const client = new Client(address, channel);
  const ask = (bytes: Uint8Array, timeoutMs: number, signal?: AbortSignal): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + timeoutMs };
      const call = client.makeUnaryRequest(
        path,
        (body: Uint8Array) => Buffer.from(body),
        (answer: Buffer) => decode(answer),
        bytes,
        options,
        (error, answer) => (answer ? resolve(answer) : reject(error ?? new Error('no answer'))),
      );
      signal?.addEventListener('abort', () => call.cancel());
    });
  return {
    check: (question) => ask(encode(question), question.timeoutMs ?? 10_000, question.signal),
    checkBytes: (bytes) => ask(bytes, 10_000),
    close: () => client.close(),
  };
}

function encode({ lines = [], form = 'raw', peer = '192.0.2.7', ...rest }: Question): Uint8Array {
  const http = { method: rest.method ?? 'GET', path: rest.path ?? '/api/v1/pods' };
  const headers = lines.map(([key, value]) => ({ key, raw_value: Buffer.from(value) }));
  const shown = form === 'raw' ? { header_map: { headers } } : { headers: join(lines) };
  const source = { address: { socket_address: { address: peer, port_value: 50_000 } } };
  const message = { attributes: { source, request: { http: { ...http, ...shown } } } };
  return method?.requestSerialize(message) ?? Buffer.of();
}

/** What Envoy does without encode_raw_headers. */
function join(lines: Question['lines'] = []): Readonly<Record<string, string>> {
  const joined: Record<string, string> = {};
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    const text = Buffer.from(value).toString('utf8').replaceAll('\ufffd', '!');
    joined[key] = joined[key] === undefined ? text : `${joined[key]},${text}`;
  }
  return joined;
}

function decode(bytes: Buffer): Reply {
  const response: CheckResponse = method?.responseDeserialize(bytes);
  const { ok_response, denied_response, dynamic_metadata } = response;
  const list = (ok_response ?? denied_response)?.headers ?? [];
  const headers = Object.fromEntries(list.map(({ header }) => [header.key, header.value]));
  return {
    status: ok_response ? 200 : (denied_response?.status.code ?? 0),
    reason: headers['x-kube-ext-authz-reason'] ?? '',
    headers,
    remove: ok_response?.headers_to_remove ?? [],
    body: denied_response?.body ?? '',
    metadata: dynamic_metadata && fromStruct(dynamic_metadata),
    response,
  };
}

function fromStruct({ fields }: Struct): unknown {
  return Object.fromEntries(
    Object.entries(fields ?? {}).map(([key, value]) => [key, fromValue(value)]),
  );
}

/** Throws for a value without a kind, which would abort Envoy. */
function fromValue(value: Value): unknown {
  if ('stringValue' in value) return value.stringValue;
  if ('structValue' in value) return fromStruct(value.structValue);
  if ('listValue' in value) return value.listValue.values.map(fromValue);
  throw new Error(`a metadata value has no kind that is used: ${JSON.stringify(value)}`);
}
