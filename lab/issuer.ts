/**
 * An OIDC issuer on loopback: discovery and JWKS over HTTPS with an authority of its own, tokens minted at will, and ways to
 * misbehave for the tests (keys rotated, any path answered by a handler of theirs).
 */
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type JWK,
  type JWTPayload,
} from 'jose';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { createAuthority, type Authority } from './certificates.ts';

export type SigningAlgorithm = 'RS256' | 'ES256';
export type SigningKey = JWK & { readonly kid: string; readonly alg: SigningAlgorithm };

export interface IssuerOptions {
  /** Signs the TLS certificate; default: an authority of its own. */
  readonly authority?: Authority;
  /** Default RS256 (2048 bits). */
  readonly algorithm?: SigningAlgorithm;
  /** `aud` of the tokens; default `kubernetes`. */
  readonly audience?: string;
}

export interface MintOptions {
  /** Default: the current key. */
  readonly key?: SigningKey;
  /** Set over the default protected header (`alg`, `kid`, `typ`). */
  readonly header?: Readonly<Record<string, unknown>>;
}

export interface Issuer {
  readonly url: string;
  readonly caPem: string;
  /** The current private key. */
  readonly key: SigningKey;
  /** Requests got so far, by path. */
  readonly requests: ReadonlyMap<string, number>;
  /** A signed token; `iss`, `aud`, `iat` and `exp` (ten minutes) are there unless overridden, and absent where set to undefined. */
  mint(claims: JWTPayload, options?: MintOptions): Promise<string>;
  /** Signs with a new key from now on; the old ones stay published unless `keepOld` is false. */
  rotateKeys(options?: { readonly keepOld?: boolean }): Promise<SigningKey>;
  /** Has a path answered by the handler, or as usual again. */
  replaceHandler(path: string, handler: RequestListener | undefined): void;
  close(): Promise<void>;
}

export const discoveryPath = '/.well-known/openid-configuration';
export const jwksPath = '/jwks';

/** Starts an issuer on a free port of 127.0.0.1. */
export async function startIssuer(options: IssuerOptions = {}): Promise<Issuer> {
  const { algorithm = 'RS256', audience = 'kubernetes' } = options;
  const authority = options.authority ?? (await createAuthority('lab issuer CA'));
  const hosts = ['127.0.0.1', 'localhost'];
  const { certPem, keyPem } = await authority.issue({ commonName: 'lab issuer', hosts });
  let key = await createSigningKey(algorithm);
  let published = [key];
  let url = '';
  const requests = new Map<string, number>();
  const documents = new Map<string, () => unknown>([
    [discoveryPath, () => discoveryDocument(url, algorithm)],
    [jwksPath, () => ({ keys: published.map(publicPart) })],
  ]);
  const replaced = new Map<string, RequestListener>();
  const answer: RequestListener = (request, response) => {
    const path = (request.url ?? '/').replace(/\?.*/s, '');
    requests.set(path, (requests.get(path) ?? 0) + 1);
    const handler = replaced.get(path);
    if (handler) return handler(request, response);
    const document = documents.get(path);
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document?.() ?? { error: 'not found' }));
  };
  const server = createServer({ cert: certPem, key: keyPem }, answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  url = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    url,
    caPem: authority.certPem,
    get key() {
      return key;
    },
    requests,
    mint: (claims, how) =>
      signToken({ iss: url, aud: audience, ...lifetime(), ...claims }, { key, ...how }),
    rotateKeys: async ({ keepOld = true } = {}) => {
      key = await createSigningKey(algorithm);
      published = keepOld ? [key, ...published] : [key];
      return key;
    },
    replaceHandler: (path, handler) => {
      if (handler) replaced.set(path, handler);
      else replaced.delete(path);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A private key as JWK, named by its thumbprint. */
export async function createSigningKey(alg: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
}

/** The part of a key that may be published. */
export function publicPart({ kty, kid, alg, use, n, e, crv, x, y }: SigningKey): JWK {
  return JSON.parse(JSON.stringify({ kty, kid, alg, use, n, e, crv, x, y }));
}

/** Signs any claims with any key; what claims and header say is not looked at. */
export function signToken(
  claims: JWTPayload,
  { key, header }: MintOptions & { readonly key: SigningKey },
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
    .sign(key);
}

function lifetime(): { readonly iat: number; readonly exp: number } {
  const iat = Math.floor(Date.now() / 1000);
  return { iat, exp: iat + 600 };
}

function discoveryDocument(url: string, algorithm: SigningAlgorithm): unknown {
  return {
    issuer: url,
    jwks_uri: `${url}${jwksPath}`,
    authorization_endpoint: `${url}/authorize`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
  };
}
