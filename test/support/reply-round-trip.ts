/** A reply as Envoy and the finisher read it: through the bytes of protobuf, and on to the API server. */
import assert from 'node:assert/strict';
import type { Identity } from '../../src/identity/identity.ts';
import {
  authorizationServiceName,
  loadService,
  type CheckRequest,
  type CheckResponse,
  type Struct,
  type Value,
} from '../../src/transport/proto.ts';

const method = loadService('external_auth', authorizationServiceName)['Check'];

/** The bytes of a CheckRequest, read back as the server gets them. */
export function requestThroughBytes(message: object): CheckRequest {
  assert.ok(method);
  return method.requestDeserialize(Buffer.from(method.requestSerialize(message)));
}

/** Encodes and decodes a reply. */
export function throughBytes(response: CheckResponse): CheckResponse {
  assert.ok(method);
  return method.responseDeserialize(Buffer.from(method.responseSerialize(response)));
}

export type Plain = string | readonly Plain[] | { readonly [name: string]: Plain };

/** dynamic_metadata as plain data; fails for a value without a kind, which would abort Envoy. */
export function plainMetadata({
  dynamic_metadata,
}: CheckResponse): Readonly<Record<string, Plain>> {
  assert.ok(dynamic_metadata, 'there is no metadata');
  return fromStruct(dynamic_metadata);
}

function fromStruct({ fields }: Struct): Readonly<Record<string, Plain>> {
  // A decoder leaves an empty map out.
  const entries = Object.entries(fields ?? {}).map(
    ([name, value]) => [name, fromValue(value)] as const,
  );
  return Object.fromEntries(entries);
}

function fromValue(value: Value): Plain {
  const kinds = Object.keys(value).filter((name) => name !== 'kind');
  assert.equal(kinds.length, 1, `a metadata value has ${kinds.length} kinds`);
  if ('stringValue' in value) return value.stringValue;
  if ('structValue' in value) return fromStruct(value.structValue);
  if ('listValue' in value) return (value.listValue.values ?? []).map(fromValue);
  return assert.fail(`a metadata value has a kind that is not used: ${kinds[0]}`);
}

export type HeaderLine = readonly [name: string, value: string];

/** The lines that the finisher adds to what ext_authz has set. */
export function finisherLines(response: CheckResponse): readonly HeaderLine[] {
  const { headers } = plainMetadata(response);
  assert.ok(typeof headers === 'object' && !Array.isArray(headers));
  return Object.entries(headers).flatMap(([name, values]) => {
    assert.ok(Array.isArray(values) && values.length > 0, `${name} is no list`);
    return values.map((value) => [name, String(value)] as const);
  });
}

/** Who a request is for the API server (filters/impersonation/impersonation.go), its lines sent over HTTP/1.1. */
export function impersonated(lines: readonly HeaderLine[]): Identity {
  const sent = lines.map(([name, value]) => [name.toLowerCase(), overHttp1(value)] as const);
  const all = (wanted: string): string[] =>
    sent.flatMap(([name, value]) => (name === wanted ? [value] : []));
  const prefix = 'impersonate-extra-';
  const extra = new Map<string, string[]>();
  for (const [name, value] of sent) {
    if (!name.startsWith(prefix)) continue;
    const key = decodeURIComponent(name.slice(prefix.length));
    extra.set(key, [...(extra.get(key) ?? []), value]);
  }
  return {
    username: all('impersonate-user')[0] ?? '',
    uid: all('impersonate-uid')[0] ?? '',
    groups: all('impersonate-group'),
    extra: Object.fromEntries(extra),
  };
}

/** What is left of a value: Lua cuts it at NUL, a line ends at CR or LF, white space at the ends is trimmed. */
export function overHttp1(value: string): string {
  const cut = (value.split('\0')[0] ?? '').split(/[\r\n]/)[0] ?? '';
  return Buffer.from(cut.replace(/^[ \t]+|[ \t]+$/g, ''), 'utf8').toString('utf8');
}
