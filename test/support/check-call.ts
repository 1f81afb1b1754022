/** One Check without a connection: the method itself, called with what grpc-js would hand to it. */
import { decide, type Deciders } from '../../src/decision/decide.ts';
import type { CheckRecord } from '../../src/decision/decision.ts';
import {
  createAuthorization,
  type Authorization,
  type CheckOptions,
  type Undecodable,
} from '../../src/transport/authorization.ts';
import type { CheckRequest, CheckResponse } from '../../src/transport/proto.ts';
import { willing } from './deciders.ts';
import { requestThroughBytes } from './reply-round-trip.ts';

export type HeaderLines = readonly (readonly [name: string, value: string | Uint8Array])[];

export interface Answer {
  readonly response: CheckResponse;
  readonly records: readonly CheckRecord[];
}

/** The Check method over the real decision and these deciders. */
export function authorizationOver(
  deciders: Partial<Deciders> = {},
  onCheck: CheckOptions['onCheck'] = () => undefined,
): Authorization {
  const all = { ...willing, ...deciders };
  return createAuthorization({
    decide: (request, context) => decide(request, all, context),
    onCheck,
  });
}

/** Asks once; rejects when the answer is a gRPC error. */
export function call(
  { check }: Authorization,
  message: CheckRequest | Undecodable,
  deadline: Date | number = Infinity,
): Promise<CheckResponse> {
  return new Promise((resolve, reject) => {
    // grpc-js gives its calls much more; the method reads no more than this.
    const one = Object.assign(Object.create(null), {
      request: message,
      getDeadline: () => deadline,
      on: () => one,
    });
    check(one, (error, response) =>
      response ? resolve(response) : reject(new Error(`a gRPC error: ${JSON.stringify(error)}`)),
    );
  });
}

/** A CheckRequest as it comes out of protobuf's bytes, its headers in either form. */
export function checkRequest(
  lines: HeaderLines,
  form: 'raw' | 'joined' = 'raw',
  path = '/api/v1/pods',
): CheckRequest {
  const raw = lines.map(([key, value]) => ({ key, raw_value: Buffer.from(value) }));
  const shown = form === 'raw' ? { header_map: { headers: raw } } : { headers: joined(lines) };
  const http = { method: 'GET', path, ...shown };
  const source = { address: { socket_address: { address: '192.0.2.7', port_value: 50_000 } } };
  return requestThroughBytes({ attributes: { source, request: { http } } });
}

/** What Envoy makes of repeated lines and of bytes that are no text, without encode_raw_headers. */
function joined(lines: HeaderLines): Readonly<Record<string, string>> {
  const byName = new Map<string, string[]>();
  for (const [name, value] of lines) {
    const text = Buffer.from(value).toString('utf8').replaceAll('\ufffd', '!');
    byName.set(name, [...(byName.get(name) ?? []), text]);
  }
  return Object.fromEntries([...byName].map(([name, texts]) => [name, texts.join(',')]));
}
