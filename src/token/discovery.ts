// OpenID Connect Discovery 1.0: from an issuer's URL to its keys.
import { isRecord } from '../identity/claims.ts';
import { parseKeySet, type KeySet } from './key-set.ts';

export interface DiscoveryOptions {
  readonly issuerURL: string;
  /** Asked instead of `<issuerURL>/.well-known/openid-configuration`, word for word. */
  readonly discoveryURL?: string | undefined;
  /** Resolves with a JSON document; rejects with a sentence. */
  readonly getJson: (url: string, signal?: AbortSignal) => Promise<unknown>;
}

/** Fetches the discovery document and the key set it names; rejects with a sentence. */
export async function discoverKeys(
  { issuerURL, discoveryURL, getJson }: DiscoveryOptions,
  signal?: AbortSignal,
): Promise<KeySet> {
  const wellKnown = `${issuerURL.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const url = discoveryURL ?? wellKnown;
  const document = await getJson(url, signal);
  if (!isRecord(document)) throw new Error(`GET ${url}: the answer is not a discovery document`);
  if (document['issuer'] !== issuerURL) {
    throw new Error(`GET ${url}: the document is of another issuer, not of ${issuerURL}`);
  }
  const keysURL = document['jwks_uri'];
  if (typeof keysURL !== 'string') throw new Error(`GET ${url}: the document has no jwks_uri`);
  const keys = await getJson(keysURL, signal);
  try {
    return parseKeySet(keys);
  } catch (error) {
    throw new Error(`GET ${keysURL}: ${error instanceof Error ? error.message : ''}`, {
      cause: error,
    });
  }
}
