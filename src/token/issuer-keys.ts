// Keeps the keys of one issuer at hand: fetched in the background, so that a check never waits for
// an issuer that is down, and again when a token names a key that nobody knows yet.
import { errorMessage } from '../lib/error-message.ts';
import type { KeySet } from './key-set.ts';

export interface IssuerKeys {
  /** The keys to verify with; undefined before the first were fetched and when the last are too old. */
  current(): KeySet | undefined;
  /** Fetches again, unless a token asked for that moments ago: resolves with what is current then, never rejects. */
  refetch(): Promise<KeySet | undefined>;
  /** Resolves when the first attempt has ended, well or badly. */
  readonly firstAttempt: Promise<void>;
  /** Why there are no keys or why the last fetch failed; undefined when all is well. */
  readonly fault: () => string | undefined;
  /** When the keys were fetched, in milliseconds since 1970. */
  fetchedAt(): number | undefined;
  stop(): void;
}

export interface IssuerKeysOptions extends KeyTiming {
  fetchKeys(signal: AbortSignal): Promise<KeySet>;
  /** Told of every attempt; the error is undefined when it went well. */
  onAttempt?(error: string | undefined): void;
  readonly now?: () => number;
}

/** In milliseconds. */
export interface KeyTiming {
  /** Between fetches while all is well: how long a withdrawn key is still taken. Default 5 min. */
  readonly pollMs?: number;
  /** Between attempts while the last failed. Default 10 s. */
  readonly retryMs?: number;
  /** Least time between two fetches that tokens ask for. Default 10 s. */
  readonly cooldownMs?: number;
  /** How long the last good keys are used while the issuer is down. Default 12 h. */
  readonly maxAgeMs?: number;
}

interface Fetched {
  readonly keys: KeySet;
  readonly at: number;
}

/** Starts fetching at once and goes on until stop(). */
export function keepIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { now = Date.now, pollMs = 300_000, retryMs = 10_000 } = options;
  const { cooldownMs = 10_000, maxAgeMs = 43_200_000 } = options;
  const ending = new AbortController();
  let fetched: Fetched | undefined;
  let error: string | undefined = 'they were not fetched yet';
  let lastDemand = -Infinity;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function attempt(): Promise<void> {
    try {
      const keys = await options.fetchKeys(ending.signal);
      // The same keys stay the same object: what was verified with them stays verified.
      const same = fetched?.keys.fingerprint === keys.fingerprint;
      fetched = { keys: same && fetched ? fetched.keys : keys, at: now() };
      error = undefined;
    } catch (thrown) {
      error = errorMessage(thrown);
    }
    if (ending.signal.aborted) return;
    options.onAttempt?.(error);
    clearTimeout(timer);
    timer = setTimeout(() => void fetchOnce(), error === undefined ? pollMs : retryMs);
    timer.unref();
  }
  function fetchOnce(): Promise<void> {
    return (running ??= attempt().finally(() => (running = undefined)));
  }
  function current(): KeySet | undefined {
    return fetched && now() - fetched.at <= maxAgeMs ? fetched.keys : undefined;
  }
  return {
    firstAttempt: fetchOnce(),
    current,
    refetch: async () => {
      if (!running && now() - lastDemand < cooldownMs) return current();
      if (!running) lastDemand = now();
      await fetchOnce();
      return current();
    },
    fault: () => error,
    fetchedAt: () => fetched?.at,
    stop: () => {
      ending.abort();
      clearTimeout(timer);
    },
  };
}
