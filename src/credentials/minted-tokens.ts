// Tokens of service accounts to send upstream, minted when they are needed and renewed in time.
import { Denial } from '../denial/denial.ts';
import type { Logger } from '../lib/logger.ts';
import { unlessAborted } from '../lib/unless-aborted.ts';
import { withinDeadline } from '../lib/within-deadline.ts';
import {
  createAccountToken,
  type AccountToken,
  type AccountTokenOptions,
  type MintTiming,
} from './account-token.ts';
import { accountKey } from './account-key.ts';
import type { TokenAccount } from '../kube/token-account.ts';
import { noToken } from '../kube/token-faults.ts';

export interface TokenLimits {
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** Aborted by one who does not want to know any more. */
  readonly signal?: AbortSignal;
}

/** An account whose token is always at hand. */
export interface KeptAccount {
  /** Why it has none, for /readyz; undefined while it has one. */
  readonly fault: () => string | undefined;
  /** When its token expires, in seconds since 1970; undefined before the first. */
  readonly expiry: () => number | undefined;
  /** To be called once: keeps it no longer. Whoever asks is still served. */
  readonly forget: () => void;
}

export interface MintedTokens {
  /**
   * The account's token, at once if there is one that lives. Rejects with Denial
   * `credential_unavailable` when there is none before the deadline, and with the signal's reason as
   * soon as that is aborted. Throws nothing.
   */
  readonly tokenFor: (account: TokenAccount, limits: TokenLimits) => string | Promise<string>;
  /** Has its token minted now and renewed always. May be done more than once for one account. */
  readonly keep: (account: TokenAccount) => KeptAccount;
  readonly stop: () => void;
}

export interface MintedTokensOptions extends Pick<AccountTokenOptions, 'request'> {
  readonly log: Logger;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
  /** Default: sent until 5 s before the end, 10 s to mint, 10 s between retries, faults told for 5 s. */
  readonly timing?: Partial<MintTiming>;
  /** Accounts that nobody keeps: of more, the one that was not asked for longest is dropped. Default 1 000. */
  readonly maxUnkept?: number;
}

interface Keeping {
  readonly token: AccountToken;
  readonly times: number;
}

const defaultTiming: MintTiming = {
  marginMs: 5_000,
  patienceMs: 10_000,
  retryMs: 10_000,
  faultMs: 5_000,
};

/** Mints nothing before an account is kept or asked for. */
export function createMintedTokens(options: MintedTokensOptions): MintedTokens {
  const { request, log, now = Date.now, maxUnkept = 1_000 } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const kept = new Map<string, Keeping>();
  const unkept = new Map<string, AccountToken>(); // in the order in which they were asked for
  const ending = new AbortController();

  function create(account: TokenAccount): AccountToken {
    const onUnused = (): void => drop(accountKey(account), token);
    const token = createAccountToken({
      account,
      request,
      log,
      now,
      timing,
      onUnused,
      ending: ending.signal,
    });
    return token;
  }
  function drop(key: string, token: AccountToken): void {
    token.retire();
    if (unkept.get(key) === token) unkept.delete(key);
  }
  function putLast(key: string, token: AccountToken): void {
    unkept.delete(key);
    unkept.set(key, token);
    if (unkept.size <= maxUnkept) return;
    const [oldest] = unkept;
    if (oldest) drop(...oldest);
  }
  function find(account: TokenAccount): AccountToken {
    const key = accountKey(account);
    const keeping = kept.get(key);
    if (keeping) return keeping.token;
    const token = unkept.get(key) ?? create(account);
    putLast(key, token);
    return token;
  }
  async function waitFor(
    account: TokenAccount,
    token: AccountToken,
    { deadline, signal }: TokenLimits,
  ): Promise<string> {
    signal?.throwIfAborted();
    const patience = deadline - now();
    if (patience <= 0) throw tooLate(account);
    const next = unlessAborted(token.next(), signal);
    return withinDeadline(next, Date.now() + patience, () => tooLate(account));
  }
  function forget(key: string): void {
    const keeping = kept.get(key);
    if (!keeping || ending.signal.aborted) return;
    const { token, times } = keeping;
    if (times > 1) {
      kept.set(key, { token, times: times - 1 });
      return;
    }
    kept.delete(key);
    putLast(key, token);
    token.keep(false);
  }
  return {
    tokenFor: (account, limits) => {
      if (ending.signal.aborted) return Promise.reject(shutDown());
      const token = find(account);
      return token.current() ?? waitFor(account, token, limits);
    },
    keep: (account) => {
      const key = accountKey(account);
      const { token, times } = kept.get(key) ?? {
        token: unkept.get(key) ?? create(account),
        times: 0,
      };
      unkept.delete(key);
      kept.set(key, { token, times: times + 1 });
      if (times === 0 && !ending.signal.aborted) token.keep(true);
      return {
        fault: token.fault,
        expiry: () => seconds(token.expiresAt()),
        forget: once(() => forget(key)),
      };
    },
    stop: () => {
      for (const { token } of kept.values()) token.retire();
      for (const token of unkept.values()) token.retire();
      ending.abort(shutDown());
    },
  };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

function shutDown(): Error {
  return new Denial('credential_unavailable', 'this proxy is shutting down; try again');
}

function tooLate(account: TokenAccount): Error {
  return noToken(account, 'the API server did not give one in time; try again later');
}
