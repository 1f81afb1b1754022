// The tokens of one service account, one after the other: the next is minted before the last one ends.
import { errorMessage } from '../lib/error-message.ts';
import type { Logger } from '../lib/logger.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import type { TokenAccount } from '../kube/token-account.ts';
import { noToken } from '../kube/token-faults.ts';

export interface Minted {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** All in milliseconds. */
export interface MintTiming {
  /** How long before its end a token is sent no more. */
  readonly marginMs: number;
  /** The longest that a mint may take. */
  readonly patienceMs: number;
  /** From a mint that failed to the next in the background. */
  readonly retryMs: number;
  /** How long whoever asks is told of a mint that failed, before another is tried for them. */
  readonly faultMs: number;
}

export interface AccountTokenOptions {
  readonly account: TokenAccount;
  /** What it rejects with is told to callers and logged. */
  readonly request: (account: TokenAccount, signal: AbortSignal) => Promise<Minted>;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly timing: MintTiming;
  /** Called when nobody asks any more and nothing is left to remember. */
  readonly onUnused: () => void;
  /** Aborts a mint that is under way, with what its callers shall be told. */
  readonly ending: AbortSignal;
}

export interface AccountToken {
  /** The one to send, if there is one; its renewal begins if it is due. */
  readonly current: () => string | undefined;
  /** The next one: a mint that is under way is joined. Rejects as that does. */
  readonly next: () => Promise<string>;
  /** Kept, it is minted at once and renewed always; else only if it was asked for since it was minted. */
  readonly keep: (kept: boolean) => void;
  /** Why there is none; undefined while there is one. */
  readonly fault: () => string | undefined;
  /** When the last one ends, in milliseconds since 1970. */
  readonly expiresAt: () => number | undefined;
  /** Nothing is renewed any more; a mint that is waited for still comes. */
  readonly retire: () => void;
}

interface Held extends Minted {
  readonly mintedAt: number;
  readonly renewAt: number;
}

/** As the kubelet does it (kubernetes, pkg/kubelet/token/token_manager.go, requiresRefresh). */
const renewalShare = 0.8;
const longestUseMs = 24 * 60 * 60_000;

/** Mints nothing before it is asked to. */
export function createAccountToken(options: AccountTokenOptions): AccountToken {
  const { account, request, log, now, timing, onUnused, ending } = options;
  const about = { namespace: account.namespace, serviceAccount: account.name };
  let held: Held | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  let minting: Promise<string> | undefined;
  let kept = false;
  let asked = false; // since the last mint
  let retired = false;
  let timer: NodeJS.Timeout | undefined;

  function isGood(one: Held | undefined): one is Held {
    const at = now();
    // A clock that was set back makes nothing last longer.
    return one !== undefined && at >= one.mintedAt && at < one.expiresAt - timing.marginMs;
  }
  function isDue(): boolean {
    return !isGood(held) || now() >= held.renewAt;
  }
  /** One that nobody keeps, and that has ended, is minted for whoever asks. */
  function isWanted(): boolean {
    return kept || (asked && isGood(held));
  }
  function hasFailedWithin(ms: number): boolean {
    const age = failure ? now() - failure.at : ms;
    return age >= 0 && age < ms;
  }

  function mint(): Promise<string> {
    if (minting) return minting;
    minting = tryToMint().finally(() => {
      minting = undefined;
      plan();
    });
    minting.catch(() => undefined); // it was logged, and maybe nobody waits
    return minting;
  }
  async function tryToMint(): Promise<string> {
    const mintedAt = now();
    try {
      const minted = await requestInTime();
      const renewAt =
        mintedAt + Math.min(renewalShare * (minted.expiresAt - mintedAt), longestUseMs);
      const fresh = { ...minted, mintedAt, renewAt };
      if (!isGood(fresh)) throw noToken(account, 'the API server gave one that ends at once');
      [held, failure, asked] = [fresh, undefined, false];
      const expiresAt = new Date(minted.expiresAt).toISOString();
      log.info({ ...about, expiresAt }, 'a service account token was minted');
      return minted.token;
    } catch (error) {
      tell(error);
      failure = { error, at: now() };
      throw error;
    }
  }
  async function requestInTime(): Promise<Minted> {
    const late = new AbortController();
    const giveUp = (): void =>
      late.abort(noToken(account, 'the API server did not answer in time; try again later'));
    const patience = setTimeout(giveUp, timing.patienceMs);
    const signal = AbortSignal.any([late.signal, ending]);
    try {
      return await unlessAborted(request(account, signal), signal);
    } finally {
      clearTimeout(patience);
    }
  }
  function tell(error: unknown): void {
    if (ending.aborted) return;
    const fault = errorMessage(error);
    const cause = error instanceof Error && error.cause ? errorMessage(error.cause) : undefined;
    const fields = { ...about, fault, ...(cause !== undefined && { cause }) };
    if (failure && errorMessage(failure.error) === fault) log.debug(fields, 'still no new token');
    else if (isGood(held)) log.warn(fields, 'a service account token was not renewed');
    else log.error(fields, 'no service account token');
  }

  function plan(): void {
    clearTimeout(timer);
    if (!retired) timer = setTimeout(wake, Math.min(pauseMs(), longestUseMs)).unref();
  }
  function pauseMs(): number {
    if (failure && isWanted()) return timing.retryMs;
    if (!isGood(held)) return failure ? timing.faultMs : 0;
    return (isDue() ? held.expiresAt - timing.marginMs : held.renewAt) - now();
  }
  function wake(): void {
    if (minting) return; // it plans when it ends
    if (isWanted() && isDue()) void mint();
    else if (kept || isGood(held) || hasFailedWithin(timing.faultMs)) plan();
    else onUnused();
  }
  return {
    current: () => {
      asked = true;
      if (!isGood(held)) return undefined;
      if (isDue() && !hasFailedWithin(timing.retryMs)) void mint();
      return held.token;
    },
    next: () => {
      asked = true;
      if (failure && hasFailedWithin(timing.faultMs)) return Promise.reject(failure.error);
      return mint();
    },
    keep: (isKept) => {
      kept = isKept;
      if (kept && isDue()) void mint();
    },
    fault: () => {
      if (isGood(held)) return undefined;
      return failure ? errorMessage(failure.error) : 'its first token is not there yet';
    },
    expiresAt: () => held?.expiresAt,
    retire: () => {
      retired = true;
      clearTimeout(timer);
    },
  };
}
