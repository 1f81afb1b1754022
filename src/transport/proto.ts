// protos/*.proto as grpc-js takes them, and their messages as types. All of the server's protobuf
// is in this room.
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';

export interface CheckRequest {
  readonly attributes?: {
    readonly source?: {
      readonly address?: { readonly socket_address?: { readonly address?: string } };
    };
    readonly request?: { readonly http?: HttpRequest };
  };
}

export interface HttpRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly header_map?: { readonly headers?: readonly HeaderLine[] };
}

export interface HeaderLine {
  readonly key?: string;
  readonly value?: string;
  readonly raw_value?: Uint8Array;
}

export interface CheckResponse {
  readonly status: { readonly code: number };
  readonly ok_response?: {
    readonly headers: readonly HeaderOption[];
    readonly headers_to_remove: readonly string[];
  };
  readonly denied_response?: {
    readonly status: { readonly code: number };
    readonly headers: readonly HeaderOption[];
    readonly body: string;
  };
  readonly dynamic_metadata?: Struct;
}

export interface HeaderOption {
  readonly header: { readonly key: string; readonly value: string };
  /** Always said, because its absence meant "append" in some versions of Envoy. */
  readonly append: { readonly value: false };
}

/** google.protobuf.Struct; proto-loader keeps its keys in camelCase, and drops any other in silence. */
export interface Struct {
  readonly fields: Readonly<Record<string, Value>>;
}

export type Value =
  | { readonly stringValue: string }
  | { readonly structValue: Struct }
  | { readonly listValue: { readonly values: readonly Value[] } };

export const authorizationServiceName = 'envoy.service.auth.v3.Authorization';
export const healthServiceName = 'grpc.health.v1.Health';

/** The definition of a service of one of our proto files. */
export function loadService(file: 'external_auth' | 'health', name: string): ServiceDefinition {
  const path = fileURLToPath(new URL(`../../protos/${file}.proto`, import.meta.url));
  const service = loadSync(path, { keepCase: true, enums: String })[name];
  if (service === undefined || 'format' in service) throw new Error(`${path} has no ${name}`);
  return service;
}
