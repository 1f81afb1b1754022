// Starts what each configured issuer needs: an HTTPS client with its CA, and its keys kept at hand.
import type { ReadinessPart } from './admin/readiness.ts';
import type { JwtConfig } from './config/config.ts';
import { createJsonClient } from './lib/http.ts';
import type { Logger } from './lib/logger.ts';
import type { Issuer } from './token/authenticator.ts';
import { discoverKeys } from './token/discovery.ts';
import { keepIssuerKeys, type KeyTiming } from './token/issuer-keys.ts';

export interface StartedIssuer extends Issuer {
  /** What /readyz says of it: that its first discovery has ended, and whether it went well. */
  readonly readiness: readonly ReadinessPart[];
  readonly stop: () => Promise<void>;
}

type OnKeyFetch = (issuer: string, outcome: 'success' | 'failure') => void;

/** Discovery begins at once, in the background. */
export function startIssuer(
  entry: JwtConfig,
  log: Logger,
  onKeyFetch: OnKeyFetch,
  timing: KeyTiming = {},
): StartedIssuer {
  const { name, issuer } = entry;
  const client = createJsonClient({ ca: issuer.certificateAuthority });
  const options = { issuerURL: issuer.url, discoveryURL: issuer.discoveryURL, ...client };
  let lastError: string | undefined = '';
  const keys = keepIssuerKeys({
    ...timing,
    fetchKeys: (signal) => discoverKeys(options, signal),
    onAttempt: (error) => {
      onKeyFetch(name, error === undefined ? 'success' : 'failure');
      if (error === lastError) return;
      lastError = error;
      if (error === undefined) log.info({ issuer: name }, "the issuer's keys were fetched");
      else log.warn({ issuer: name, error }, "the issuer's keys could not be fetched");
    },
  });
  let attempted = false;
  void keys.firstAttempt.then(() => (attempted = true));
  return {
    url: issuer.url,
    rules: { ...entry, audiences: issuer.audiences },
    keys,
    readiness: [
      {
        name: `issuer-discovery/${name}`,
        fault: () => (attempted ? undefined : 'the first attempt has not ended'),
      },
      { name: `issuer/${name}`, fault: keys.fault, optional: true },
    ],
    stop: async () => {
      keys.stop();
      await client.close();
    },
  };
}
