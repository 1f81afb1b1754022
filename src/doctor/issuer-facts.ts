// Whether the issuers of a configuration can be asked for their keys.
import type { Config, JwtConfig } from '../config/config.ts';
import { errorMessage } from '../lib/error-message.ts';
import { createJsonClient } from '../lib/http.ts';
import { discoverKeys } from '../token/discovery.ts';
import { configField, entryPath, type IssuerFact } from './installation.ts';

/** Asks all of them at once; those with keys of their own aren't asked. */
export async function issuerFacts(
  config: Config,
  ownEntries: number,
): Promise<readonly IssuerFact[]> {
  const asked = config.jwt.filter(({ issuer }) => issuer.keys === undefined);
  return Promise.all(
    asked.map(async (entry) => {
      const field = configField(...entryPath(config, entry, ownEntries), 'issuer', 'url');
      return { field, name: entry.name, fault: await discoveryFault(entry) };
    }),
  );
}

async function discoveryFault({ issuer }: JwtConfig): Promise<string | undefined> {
  const { url, discoveryURL, certificateAuthority: ca, discoveryTokenFile: file } = issuer;
  const origin = URL.parse(discoveryURL ?? url)?.origin ?? '';
  const bearer = file === undefined ? undefined : { file, origin };
  const client = createJsonClient({ ca, bearer });
  try {
    await discoverKeys({ issuerURL: url, discoveryURL, ...client });
    return undefined;
  } catch (error) {
    return errorMessage(error);
  } finally {
    await client.close();
  }
}
