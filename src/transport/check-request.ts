// From Envoy's CheckRequest to our KubeRequest: the one place that knows both forms headers come in.
import { isUtf8 } from 'node:buffer';
import type { HeaderLine, KubeRequest } from '../request/request.ts';
import { Denial } from '../denial/denial.ts';
import type { CheckRequest, HttpRequest } from './proto.ts';

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
    impersonation: [],
    joined: false,
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
  const { requestID, forwardedFor, identityNames, ...headers } = collectHeaders(http);
  return {
    method: http.method,
    path: targetBytes(http) ?? http.path,
    requestID: requestID[0] ?? '',
    source: {
      peer: attributes?.source?.address?.socket_address?.address ?? '',
      forwardedFor: forwardedFor.join(', '),
    },
    headers: { ...headers, identityNames: [...identityNames] },
  };
}

/**
 * The target as it goes upstream, when that is no text: in `path` Envoy writes `!` for such a byte,
 * and `metadata.name\xff=x` would read as `metadata.name!=x`. Here it is U+FFFD, which means nothing.
 */
function targetBytes({ header_map }: HttpRequest): string | undefined {
  const bytes = header_map?.headers?.find(({ key }) => key === ':path')?.raw_value;
  return bytes && !isUtf8(bytes) ? Buffer.from(bytes).toString('utf8') : undefined;
}

interface Collected {
  readonly authorization: string[];
  readonly connection: string[];
  readonly upgrade: string[];
  readonly subprotocols: string[];
  readonly requestID: string[];
  readonly forwardedFor: string[];
  readonly identityNames: Set<string>;
  readonly impersonation: HeaderLine[];
  readonly joined: boolean;
  readonly undecodable: string[];
}

const collectedNames = {
  authorization: 'authorization',
  connection: 'connection',
  upgrade: 'upgrade',
  'sec-websocket-protocol': 'subprotocols',
  'x-request-id': 'requestID',
  'x-forwarded-for': 'forwardedFor',
} as const;

const collectedBy: ReadonlyMap<string, (typeof collectedNames)[keyof typeof collectedNames]> =
  new Map(Object.entries(collectedNames));

/** These decide nothing; what of them is no text is left out of the record. */
const onlyTold: ReadonlySet<string> = new Set(['requestID', 'forwardedFor']);

/** Some servers read `_` as `-`: a spelling with either is meant to be the same. */
const speaksOfIdentity = /^(impersonate|x[-_]remote)[-_]/;

/** With `encode_raw_headers` each line apart and as bytes, else one text a name, lines joined with commas. */
function collectHeaders({ headers, header_map }: HttpRequest): Collected {
  const collected: Collected = {
    authorization: [],
    connection: [],
    upgrade: [],
    subprotocols: [],
    requestID: [],
    forwardedFor: [],
    identityNames: new Set(),
    impersonation: [],
    joined: Object.keys(headers ?? {}).length > 0,
    undecodable: [],
  };
  for (const { key = '', value = '', raw_value } of header_map?.headers ?? []) {
    collect(collected, key, raw_value && raw_value.length > 0 ? raw_value : value);
  }
  for (const [key, value] of Object.entries(headers ?? {})) collect(collected, key, value);
  return collected;
}

function collect(collected: Collected, key: string, value: string | Uint8Array): void {
  const name = key.toLowerCase();
  if (speaksOfIdentity.test(name)) collected.identityNames.add(name);
  const wanted = name.startsWith('impersonate-') ? 'impersonation' : collectedBy.get(name);
  if (wanted === undefined) return;
  const text = typeof value === 'string' ? value : decode(value);
  if (text === undefined && onlyTold.has(wanted)) return;
  if (text === undefined) collected.undecodable.push(name);
  else if (wanted === 'impersonation') collected.impersonation.push({ name, value: text });
  else collected[wanted].push(text);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined; // not UTF-8
  }
}
