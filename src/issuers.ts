// Starts what each configured issuer needs: its keys, fetched or configured, kept at hand.
import type { ReadinessPart } from './admin/readiness.ts';
import type { JwtConfig } from './config/config.ts';
import type { OnReview } from './kube/review-report.ts';
import { createJsonClient } from './lib/http.ts';
import type { Logger } from './lib/logger.ts';
import { discoverKeys } from './token/discovery.ts';
import { createClaimSources } from './token/distributed-claims-client.ts';
import { keepIssuerKeys, type IssuerKeys, type KeyTiming } from './token/issuer-keys.ts';
import type { Issuer } from './token/issuer.ts';
import type { IssuerRules } from './token/verifier.ts';
import { keepStaticKeys } from './token/static-keys.ts';

export interface StartedIssuer extends Issuer {
  /** Where its keys come from, to tell whether another entry's would be the same. */
  readonly source: string;
  /** What /readyz says of it: that its first discovery has ended, and whether it went well. */
  readonly readiness: readonly ReadinessPart[];
  readonly stop: () => Promise<void>;
}

export interface IssuerSettings {
  readonly log: Logger;
  readonly onKeyFetch: (issuer: string, outcome: 'success' | 'failure') => void;
  readonly onReview?: OnReview;
  readonly timing?: KeyTiming;
}

/** Keys that are kept, and how that ends. */
interface KeptKeys {
  readonly keys: IssuerKeys;
  readonly stop: () => Promise<void>;
}

/** Discovery begins at once, in the background. */
export function startIssuer(entry: JwtConfig, settings: IssuerSettings): StartedIssuer {
  const { name, issuer } = entry;
  const onAttempt = reportAttempts(name, settings);
  const claimSources = createClaimSources({
    ca: issuer.certificateAuthority,
    reportTo: (claimIssuer) => reportChanges(settings.log, { issuer: name, claimIssuer }),
    ...(settings.timing && { timing: settings.timing }),
  });
  const { keys, stop } = issuer.keys
    ? keepConfigured(issuer.keys, onAttempt)
    : keepDiscovered(issuer, onAttempt, settings.timing);
  let attempted = false;
  void keys.firstAttempt.then(() => (attempted = true));
  return {
    url: issuer.url,
    source: keySourceOf(entry),
    rules: rulesOf(entry),
    keys,
    claimSources,
    readiness: [
      {
        name: `issuer-discovery/${name}`,
        fault: () => (attempted ? undefined : 'the first attempt has not ended'),
      },
      { name: `issuer/${name}`, fault: keys.fault, optional: true },
    ],
    stop: async () => {
      await Promise.all([stop(), claimSources.stop()]);
    },
  };
}

/** What an entry asks of a token. */
export function rulesOf(entry: JwtConfig): IssuerRules {
  return { ...entry, audiences: entry.issuer.audiences };
}

/** Where an entry's keys come from, as text to compare. */
export function keySourceOf({ name, issuer }: JwtConfig): string {
  return JSON.stringify({ name, ...issuer, audiences: undefined });
}

type OnAttempt = (error: string | undefined) => void;

function keepConfigured(
  sources: NonNullable<JwtConfig['issuer']['keys']>,
  onAttempt: OnAttempt,
): KeptKeys {
  const keys = keepStaticKeys({ sources, onAttempt });
  return { keys, stop: () => Promise.resolve(keys.stop()) };
}

function keepDiscovered(
  issuer: JwtConfig['issuer'],
  onAttempt: OnAttempt,
  timing: KeyTiming = {},
): KeptKeys {
  const { url, discoveryURL, certificateAuthority: ca, discoveryTokenFile: file } = issuer;
  const origin = URL.parse(discoveryURL ?? url)?.origin ?? '';
  const client = createJsonClient({
    ca,
    bearer: file === undefined ? undefined : { file, origin },
  });
  const keys = keepIssuerKeys({
    ...timing,
    fetchKeys: (signal) => discoverKeys({ issuerURL: url, discoveryURL, ...client }, signal),
    onAttempt,
  });
  const stop = async (): Promise<void> => {
    keys.stop();
    await client.close();
  };
  return { keys, stop };
}

/** Counts every attempt, and logs what has changed since the last. */
function reportAttempts(issuer: string, { log, onKeyFetch }: IssuerSettings): OnAttempt {
  const report = reportChanges(log, { issuer });
  return (error) => {
    onKeyFetch(issuer, error === undefined ? 'success' : 'failure');
    report(error);
  };
}

function reportChanges(log: Logger, fields: Readonly<Record<string, string>>): OnAttempt {
  let last: string | undefined = '';
  return (error) => {
    if (error === last) return;
    last = error;
    if (error === undefined) log.info(fields, "the issuer's keys are at hand");
    else log.warn({ ...fields, error }, "the issuer's keys could not be had");
  };
}
