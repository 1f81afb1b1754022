// From Envoy's CheckRequest to our KubeRequest: the one place that knows both forms headers come in.
import type { ClientHeaders, KubeRequest } from '../decision/request.ts';
import { Denial } from '../denial/denial.ts';
import type { CheckRequest, HttpRequest } from './proto.ts';

type Line = readonly [name: string, value: string | Uint8Array];

const nobody: KubeRequest = {
  method: '',
  path: '',
  requestID: '',
  source: { peer: '', forwardedFor: '' },
  headers: {
    authorization: [],
    connection: [],
    upgrade: [],
    subprotocols: [],
    identityNames: [],
    undecodable: [],
  },
};

/** What is known of a request whose CheckRequest could not be read. */
export function unreadableRequest(): KubeRequest {
  return nobody;
}

/** Throws Denial when the CheckRequest doesn't describe an HTTP request. */
export function toKubeRequest({ attributes }: CheckRequest): KubeRequest {
  const http = attributes?.request?.http;
  if (http?.method === undefined || http.path === undefined) {
    throw new Denial(
      'check_malformed',
      "Envoy's question does not describe an HTTP request; check that an HTTP ext_authz filter asks it",
    );
  }
  const lines = headerLines(http);
  const undecodable: string[] = [];
  const named = (wanted: string): readonly string[] =>
    lines.flatMap(([name, value]) => {
      if (name !== wanted) return [];
      const text = typeof value === 'string' ? value : decode(value);
      if (text === undefined) undecodable.push(name);
      return text === undefined ? [] : [text];
    });
  const headers: ClientHeaders = {
    authorization: named('authorization'),
    connection: named('connection'),
    upgrade: named('upgrade'),
    subprotocols: named('sec-websocket-protocol'),
    identityNames: [...new Set(lines.map(([name]) => name).filter(speaksOfIdentity))],
    undecodable,
  };
  const [requestID = ''] = named('x-request-id');
  return {
    method: http.method,
    path: http.path,
    requestID,
    source: {
      peer: attributes?.source?.address?.socket_address?.address ?? '',
      forwardedFor: named('x-forwarded-for').join(', '),
    },
    headers,
  };
}

/** With `encode_raw_headers` each line apart and as bytes, else one text a name, lines joined with commas. */
function headerLines({ headers = {}, header_map }: HttpRequest): readonly Line[] {
  const raw = (header_map?.headers ?? []).map(({ key = '', value = '', raw_value }): Line => {
    return [key.toLowerCase(), raw_value && raw_value.length > 0 ? raw_value : value];
  });
  const joined = Object.entries(headers).map(([key, value]): Line => [key.toLowerCase(), value]);
  return [...raw, ...joined];
}

const identityPrefixes = ['impersonate-', 'x-remote-'] as const;

/** Some servers read `_` as `-`: a spelling with either is meant to be the same. */
function speaksOfIdentity(name: string): boolean {
  const plain = name.replaceAll('_', '-');
  return identityPrefixes.some((prefix) => plain.startsWith(prefix));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined; // not UTF-8
  }
}
