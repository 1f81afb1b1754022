/**
 * Many issuers on one loopback server, told apart by path, all with the same keys: small and large ones, of every curve, with
 * and without a name. Issuers say that their keys keep for an hour, so that neither side fetches them for each bad signature.
 */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import { createAuthority } from '../../lab/certificates.ts';
import { createEcKey, createRsaKey, type TestKey } from './signed-token.ts';

export interface OracleKeys {
  readonly rsa: TestKey;
  readonly p256: TestKey;
  readonly p384: TestKey;
  readonly p521: TestKey;
  /** 1024 bits. */
  readonly small: TestKey;
  /** Published for encryption, and for another algorithm. */
  readonly misnamed: TestKey;
  /** Published without a `kid`. */
  readonly nameless: TestKey;
  /** Published under the `kid` of another key that stands before it. */
  readonly twin: TestKey;
  /** Not published; has the `kid` of `rsa`. */
  readonly stranger: TestKey;
}

export interface OracleIssuers {
  /** Base URL, to which an issuer's path is appended. */
  readonly url: string;
  readonly caPem: string;
  /** Publishes the issuer of this URL, at its own place or at another path, with the keys of all or with a key set of its own. */
  publish(issuerURL: string, discoveryPath?: string, ownKeySet?: string): void;
  /** Whether each issuer's discovery document was fetched at least so often. */
  discovered(times: number): boolean;
  readonly close: () => Promise<void>;
}

const keysPath = '/keys';

/** Starts the server on a free port. */
export async function startOracleIssuers(keys: OracleKeys): Promise<OracleIssuers> {
  const authority = await createAuthority('issuers of the oracle');
  const { certPem, keyPem } = await authority.issue({
    commonName: 'issuers',
    hosts: ['127.0.0.1'],
  });
  const documents = new Map([[keysPath, JSON.stringify(keySet(keys))]]);
  const fetched = new Map<string, number>();
  const server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    const path = request.url ?? '';
    const document = documents.get(path);
    if (fetched.has(path)) fetched.set(path, (fetched.get(path) ?? 0) + 1);
    const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=3600' };
    response.writeHead(document === undefined ? 404 : 200, headers).end(document ?? '{}');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const url = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    url,
    caPem: authority.certPem,
    publish: (issuer, discoveryPath, ownKeySet) => {
      const own = `${new URL(issuer).pathname.replace(/\/$/, '')}/.well-known/openid-configuration`;
      const path = discoveryPath ?? own;
      const keysAt = ownKeySet === undefined ? keysPath : `${path}/keys`;
      if (ownKeySet !== undefined) documents.set(keysAt, ownKeySet);
      documents.set(path, JSON.stringify({ issuer, jwks_uri: `${url}${keysAt}` }));
      fetched.set(path, 0);
    },
    discovered: (times) => [...fetched.values()].every((count) => count >= times),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Makes every key. */
export function createOracleKeys(): OracleKeys {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 });
  return {
    rsa: createRsaKey('rsa'),
    p256: createEcKey('p256'),
    p384: createEcKey('p384', 'P-384'),
    p521: createEcKey('p521', 'P-521'),
    small: {
      kid: 'small',
      ...small,
      jwk: { ...small.publicKey.export({ format: 'jwk' }), kid: 'small' },
    },
    misnamed: createEcKey('misnamed'),
    nameless: createEcKey(''),
    twin: createEcKey('p256'),
    stranger: createRsaKey('rsa'),
  };
}

function keySet(keys: OracleKeys): object {
  const { rsa, p256, p384, p521, small, twin, misnamed, nameless } = keys;
  const named = [rsa, p256, p384, p521, small, twin].map(({ jwk }) => jwk);
  const unnamed = { ...nameless.jwk, kid: undefined };
  return { keys: [...named, { ...misnamed.jwk, use: 'enc', alg: 'ES512' }, unnamed] };
}
