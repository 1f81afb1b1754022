// Everybody whose tokens are taken, as the configuration names them now: another configuration replaces
// them all at once, between two checks, when the issuers that it adds have keys.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadinessPart } from './admin/readiness.ts';
import type { Config } from './config/config.ts';
import {
  keySourceOf,
  rulesOf,
  startIssuer,
  type IssuerSettings,
  type StartedIssuer,
} from './issuers.ts';
import type { KubeClient } from './kube/client.ts';
import { createTokenReviewer, type TokenReviewer } from './kube/token-review.ts';
import {
  createAuthenticator,
  type Authenticator,
  type AuthenticatorOptions,
} from './token/authenticator.ts';

export interface TokenSources {
  readonly authenticate: Authenticator['authenticate'];
  readonly readiness: () => readonly ReadinessPart[];
  readonly keyStates: () => readonly KeyState[];
  /** How many verified tokens are remembered now. */
  readonly remembered: () => number;
  /**
   * Resolves once the new sources are in use: as soon as every issuer whose keys come from a place
   * that was not in use has some. Rejects, with the old sources untouched and nothing left running,
   * when that takes too long (it says who has none, and why) and when it is aborted. One at a time.
   */
  readonly replace: (config: Config, signal: AbortSignal) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** How the keys of an issuer are. */
export interface KeyState {
  /** Its label. */
  readonly issuer: string;
  /** When they were fetched or read, in milliseconds since 1970; undefined: never. */
  readonly fetchedAt: number | undefined;
  /** Whether there are some to verify with now. */
  readonly isUsable: boolean;
  /** Whether the last attempt to get them failed, or none of them counts. */
  readonly isFaulty: boolean;
}

export interface TokenSourcesSettings
  extends IssuerSettings, Pick<AuthenticatorOptions, 'onLookup'> {
  /** For TokenReviews. */
  readonly client: KubeClient;
  /** How long replace() waits for keys, in milliseconds; default 60 000, as kube-apiserver. */
  readonly patienceMs?: number;
}

interface Sources {
  readonly issuers: readonly StartedIssuer[];
  readonly authenticator: Authenticator;
}

/** What checks that are under way may still need of sources that were replaced. */
const graceMs = 30_000;
/** Between two looks for keys. */
const lookMs = 100;

/** Starts the sources of a configuration, and waits for none. */
export function createTokenSources(config: Config, settings: TokenSourcesSettings): TokenSources {
  const { client, onReview, patienceMs = 60_000 } = settings;
  const reviewer = createTokenReviewer({ client, onReview });
  let current = open(config, [], reviewer, settings);
  let added: readonly StartedIssuer[] = [];
  let replacing: Promise<void> = Promise.resolve();
  const retired = new Map<StartedIssuer, NodeJS.Timeout>();
  const ending = new AbortController();

  async function replace(next: Config, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const old = current.issuers;
    const fresh = open(next, old, reviewer, settings);
    added = without(fresh.issuers, old);
    try {
      await untilKeys(added, patienceMs, signal);
    } catch (error) {
      await Promise.all(added.map(({ stop }) => stop()));
      throw error;
    } finally {
      added = [];
    }
    current = fresh;
    for (const issuer of without(old, fresh.issuers)) {
      retired.set(issuer, setTimeout(() => void retire(issuer), graceMs).unref());
    }
  }
  async function retire(issuer: StartedIssuer): Promise<void> {
    clearTimeout(retired.get(issuer));
    retired.delete(issuer);
    await issuer.stop();
  }
  function readiness(): readonly ReadinessPart[] {
    return [
      ...current.issuers.flatMap((issuer) => issuer.readiness),
      ...added.map(({ rules: { name }, keys }) => {
        return { name: `new-issuer/${name}`, fault: keys.fault, optional: true };
      }),
    ];
  }
  return {
    authenticate: (token, deadline) => current.authenticator.authenticate(token, deadline),
    readiness,
    keyStates: () => current.issuers.map(keyState),
    remembered: () => current.authenticator.remembered(),
    replace: (next, signal) =>
      (replacing = replace(next, AbortSignal.any([signal, ending.signal]))),
    stop: async () => {
      ending.abort();
      await replacing.catch(() => undefined); // whoever asked for it was told
      await Promise.all([...retired.keys()].map(retire));
      await Promise.all(current.issuers.map(({ stop }) => stop()));
    },
  };
}

/** Keys that are fetched from the same place stay: an issuer that is down now keeps its last ones. */
function open(
  { jwt, tokenReview }: Config,
  old: readonly StartedIssuer[],
  reviewer: TokenReviewer,
  settings: TokenSourcesSettings,
): Sources {
  const issuers = jwt.map((entry): StartedIssuer => {
    const same = old.find(({ source }) => source === keySourceOf(entry));
    return same ? { ...same, rules: rulesOf(entry) } : startIssuer(entry, settings);
  });
  return {
    issuers,
    authenticator: createAuthenticator(issuers, {
      reviewer,
      reviewOthers: tokenReview,
      onLookup: settings.onLookup,
    }),
  };
}

function keyState({ rules, keys }: StartedIssuer): KeyState {
  return {
    issuer: rules.name,
    fetchedAt: keys.fetchedAt(),
    isUsable: keys.current() !== undefined,
    isFaulty: keys.fault() !== undefined,
  };
}

/** Those whose keys the others don't have. */
function without(
  issuers: readonly StartedIssuer[],
  others: readonly StartedIssuer[],
): readonly StartedIssuer[] {
  const theirs = new Set(others.map(({ keys }) => keys));
  return issuers.filter(({ keys }) => !theirs.has(keys));
}

/** Looks often and needs no event: a certificate's key comes with time alone. */
async function untilKeys(
  issuers: readonly StartedIssuer[],
  patienceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  for (;;) {
    const lacking = issuers.filter(({ keys }) => keys.current() === undefined);
    if (lacking.length === 0) return;
    if (performance.now() - begun >= patienceMs) throw noKeys(lacking, patienceMs);
    await sleep(lookMs, undefined, { signal });
  }
}

function noKeys(issuers: readonly StartedIssuer[], patienceMs: number): Error {
  const each = issuers.map(({ rules, keys }) => `${rules.name} (${keys.fault() ?? 'no reason'})`);
  return new Error(
    `new issuers have no keys after ${patienceMs / 1000} s, and all or none are taken: ${each.join(', ')}`,
  );
}
