// Everybody whose tokens are taken, as the configuration names them now: another configuration replaces
// them all at once, between two checks.
import type { ReadinessPart } from './admin/readiness.ts';
import type { Config } from './config/config.ts';
import {
  keySourceOf,
  rulesOf,
  startIssuer,
  type IssuerSettings,
  type StartedIssuer,
} from './issuers.ts';
import { createTokenReviewer, type TokenReviewer } from './kube/token-review.ts';
import { createAuthenticator, type Authenticator } from './token/authenticator.ts';

export interface TokenSources {
  readonly authenticate: Authenticator['authenticate'];
  readonly readiness: () => readonly ReadinessPart[];
  readonly keysFetchedAt: () => readonly (readonly [issuer: string, at: number | undefined])[];
  /** Resolves once the new sources are in use: each of their issuers was asked for its keys before. */
  readonly replace: (config: Config) => Promise<void>;
  readonly stop: () => Promise<void>;
}

interface Sources {
  readonly issuers: readonly StartedIssuer[];
  readonly authenticator: Authenticator;
}

/** What checks that are under way may still need of sources that were replaced. */
const graceMs = 30_000;

/** Starts the sources of a configuration. */
export function createTokenSources(config: Config, settings: IssuerSettings): TokenSources {
  const { onReview } = settings;
  const reviewer = createTokenReviewer({ kubeconfig: config.kubernetes.kubeconfig, onReview });
  let current = open(config, [], reviewer, settings);
  const retired = new Map<StartedIssuer, NodeJS.Timeout>();

  async function replace(next: Config): Promise<void> {
    const old = current.issuers;
    const fresh = open(next, old, reviewer, settings);
    await Promise.all(fresh.issuers.map(({ keys }) => keys.firstAttempt));
    current = fresh;
    const inUse = new Set(fresh.issuers.map(({ keys }) => keys));
    for (const issuer of old.filter(({ keys }) => !inUse.has(keys))) {
      retired.set(issuer, setTimeout(() => void retire(issuer), graceMs).unref());
    }
  }
  async function retire(issuer: StartedIssuer): Promise<void> {
    clearTimeout(retired.get(issuer));
    retired.delete(issuer);
    await issuer.stop();
  }
  return {
    authenticate: (token, deadline) => current.authenticator.authenticate(token, deadline),
    readiness: () => current.issuers.flatMap(({ readiness }) => readiness),
    keysFetchedAt: () => current.issuers.map(({ rules, keys }) => [rules.name, keys.fetchedAt()]),
    replace,
    stop: async () => {
      await Promise.all([...retired.keys()].map(retire));
      await Promise.all(current.issuers.map(({ stop }) => stop()));
      reviewer.stop();
    },
  };
}

/** Keys that are fetched from the same place stay: an issuer that is down now keeps its last ones. */
function open(
  { jwt, tokenReview }: Config,
  old: readonly StartedIssuer[],
  reviewer: TokenReviewer,
  settings: IssuerSettings,
): Sources {
  const issuers = jwt.map((entry): StartedIssuer => {
    const same = old.find(({ source }) => source === keySourceOf(entry));
    return same ? { ...same, rules: rulesOf(entry) } : startIssuer(entry, settings);
  });
  const options = { reviewer, reviewOthers: tokenReview };
  return { issuers, authenticator: createAuthenticator(issuers, options) };
}
