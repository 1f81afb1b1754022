/** A gRPC ext_authz server that answers what each test wants: the request header `x-case` names the answer. */
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import {
  Server,
  ServerCredentials,
  type status,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { fileURLToPath } from 'node:url';

/** A CheckResponse as proto-loader takes it, a gRPC error by its code, or no answer at all. */
export type StubAnswer = object | status | 'silence';

export interface StubOptions {
  /** As grpc-js takes it; default: a free port of 127.0.0.1. */
  readonly address?: string;
  readonly credentials?: ServerCredentials;
}

export interface AuthzStub {
  /** 0 when it listens on a Unix socket. */
  readonly port: number;
  /** How many checks of this case arrived. */
  checksOf(caseName: string): number;
  answer(caseName: string, answer: StubAnswer): void;
  stop(): void;
}

type Json =
  null | string | number | boolean | readonly Json[] | { readonly [key: string]: Json | undefined };

interface CheckRequest {
  readonly attributes: {
    readonly request: {
      readonly http: {
        readonly header_map: {
          readonly headers: readonly { readonly key: string; readonly raw_value: Buffer }[];
        } | null;
      };
    };
  };
}

type Answered = sendUnaryData<object>;

/** Serves checks and health checks; a case nobody answered is denied. */
export async function startAuthzStub({
  address = '127.0.0.1:0',
  credentials = ServerCredentials.createInsecure(),
}: StubOptions = {}): Promise<AuthzStub> {
  const answers = new Map<string, StubAnswer>();
  const checks = new Map<string, number>();
  const check = (call: ServerUnaryCall<CheckRequest, object>, reply: Answered): void => {
    const name = caseOf(call.request);
    checks.set(name, (checks.get(name) ?? 0) + 1);
    const answer = answers.get(name) ?? { status: { code: 7 } };
    if (answer === 'silence') return;
    if (typeof answer === 'number') reply({ code: answer, details: 'as the test wants it' });
    else reply(null, answer);
  };
  const server = new Server();
  server.addService(serviceOf('external_auth', 'envoy.service.auth.v3.Authorization'), {
    Check: check,
  });
  server.addService(serviceOf('health', 'grpc.health.v1.Health'), {
    Check: (_: unknown, reply: Answered) => reply(null, { status: 'SERVING' }),
  });
  const port = await bind(server, address, credentials);
  return {
    port,
    checksOf: (name) => checks.get(name) ?? 0,
    answer: (name, answer) => void answers.set(name, answer),
    stop: () => server.forceShutdown(),
  };
}

/** A google.protobuf.Struct as proto-loader takes it: its keys stay camelCase, and a wrong one is dropped in silence. */
export function toStruct(json: { readonly [key: string]: Json | undefined }): object {
  const entries = Object.entries(json).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, toValue(value)] as const],
  );
  return { fields: Object.fromEntries(entries) };
}

function toValue(json: Json): object {
  if (json === null) return { nullValue: 'NULL_VALUE' };
  if (typeof json === 'string') return { stringValue: json };
  if (typeof json === 'number') return { numberValue: json };
  if (typeof json === 'boolean') return { boolValue: json };
  if (isList(json)) return { listValue: { values: json.map(toValue) } };
  return { structValue: toStruct(json) };
}

function isList(json: readonly Json[] | object): json is readonly Json[] {
  return Array.isArray(json);
}

function caseOf(request: CheckRequest): string {
  const lines = request.attributes.request.http.header_map?.headers ?? [];
  return lines.find(({ key }) => key === 'x-case')?.raw_value.toString() ?? '';
}

function serviceOf(file: string, name: string): ServiceDefinition {
  const path = fileURLToPath(new URL(`../../protos/${file}.proto`, import.meta.url));
  const loaded: PackageDefinition = loadSync(path, { keepCase: true, enums: String });
  const service = loaded[name];
  if (service === undefined || 'format' in service) throw new Error(`${path} has no ${name}`);
  return service;
}

function bind(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}
