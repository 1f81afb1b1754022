import { Denial } from '../denial/denial.ts';

export interface BearerToken {
  readonly token: string;
  /** What `Sec-WebSocket-Protocol` must become when the token stood in it. */
  readonly subprotocols?: string;
}

export interface CredentialHeaders {
  readonly authorization: readonly string[];
  readonly subprotocols: readonly string[];
  readonly websocket: boolean;
}

const maxTokenBytes = 64 * 1024;
const bearerSubprotocol = 'base64url.bearer.authorization.k8s.io.';

/**
 * The one bearer token of a request, from where kube-apiserver takes it: `Authorization`
 * (pkg/authentication/request/bearertoken) or a WebSocket subprotocol
 * (pkg/authentication/request/websocket). Two credentials are refused. Throws Denial.
 */
export function readBearerToken(headers: CredentialHeaders): BearerToken {
  const offered = splitSubprotocols(headers.subprotocols);
  const inSubprotocol = offered.filter((name) => name.startsWith(bearerSubprotocol));
  if (headers.authorization.length + inSubprotocol.length > 1) throw ambiguous();
  const [encoded] = inSubprotocol;
  if (encoded === undefined || !headers.websocket) {
    return sized({ token: authorizationToken(headers.authorization[0]) });
  }
  const others = offered.filter((name) => name !== encoded);
  if (others.length === 0) {
    throw new Denial('token_missing', 'a bearer subprotocol needs one more subprotocol beside it');
  }
  const token = decodeSubprotocol(encoded.slice(bearerSubprotocol.length));
  return sized({ token, subprotocols: others.join(',') });
}

function ambiguous(): Denial {
  return new Denial(
    'authorization_ambiguous',
    'the request carries more than one credential; send exactly one bearer token',
  );
}

function splitSubprotocols(lines: readonly string[]): string[] {
  const names = lines.flatMap((line) => line.split(',')).map((name) => name.trim());
  return names.filter((name) => name !== '');
}

function authorizationToken(header: string | undefined): string {
  // Envoy joins two Authorization lines with a comma, which no JWT holds.
  if (header?.includes(',')) throw ambiguous();
  const [scheme = '', token = ''] = (header ?? '').trim().split(' ');
  if (scheme.toLowerCase() === 'bearer' && token !== '') return token;
  throw new Denial(
    'token_missing',
    'the request has no bearer token; send "Authorization: Bearer <token>"',
  );
}

function decodeSubprotocol(encoded: string): string {
  const bytes = Buffer.from(encoded, 'base64url');
  if (bytes.length > 0 && bytes.toString('base64url') === encoded) return bytes.toString('utf8');
  throw new Denial('token_malformed', 'the bearer subprotocol is not base64url without padding');
}

function sized(bearer: BearerToken): BearerToken {
  if (Buffer.byteLength(bearer.token) <= maxTokenBytes) return bearer;
  throw new Denial('token_too_large', 'the bearer token is larger than 64 KiB');
}
