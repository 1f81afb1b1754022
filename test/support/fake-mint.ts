/** Minted tokens on a clock that the test moves, from an API server that answers when the test says so. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Minted } from '../../src/credentials/account-token.ts';
import type { TokenAccount } from '../../src/kube/token-account.ts';
import {
  createMintedTokens,
  type MintedTokens,
  type MintedTokensOptions,
} from '../../src/credentials/minted-tokens.ts';
import { Denial } from '../../src/denial/denial.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { epochMs, robot } from './minted-accounts.ts';

export interface FakeMint {
  readonly tokens: MintedTokens;
  /** The names that were asked for, in order. */
  readonly asked: readonly string[];
  /** `<level> <message> <fields>` each. */
  readonly logged: readonly string[];
  /** Answers the oldest question: token-1, token-2 and so on, each for this long from when it was asked for. */
  give(lifeMs?: number): Promise<void>;
  /** Refuses the oldest question. */
  refuse(why?: string): Promise<void>;
  /** The token of an account for one who waits, a minute by default, and may leave it at that. */
  get(account?: TokenAccount, patienceMs?: number): Promise<string>;
  /** What is at hand now; fails the test when nothing is. */
  now(account?: TokenAccount): string;
  pass(ms: number): Promise<void>;
}

export const lifeMs = 600_000;

interface Question {
  readonly askedAt: number;
  readonly signal: AbortSignal;
  readonly answer: PromiseWithResolvers<Minted>;
}

/** It starts at the epoch. */
export function startMint(t: TestContext, options: Partial<MintedTokensOptions> = {}): FakeMint {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: epochMs });
  const asked: string[] = [];
  const logged: string[] = [];
  const open: Question[] = [];
  let given = 0;
  const tokens = createMintedTokens({
    request: ({ name }, signal) => {
      asked.push(name);
      const answer = Promise.withResolvers<Minted>();
      open.push({ askedAt: Date.now(), signal, answer });
      return answer.promise;
    },
    log: recordingLog(logged),
    ...options,
  });
  t.after(tokens.stop);

  function oldest(): Question {
    return open.shift() ?? assert.fail('nothing was asked');
  }
  async function get(account: TokenAccount, patienceMs: number): Promise<string> {
    return tokens.tokenFor(account, { deadline: Date.now() + patienceMs });
  }
  return {
    tokens,
    asked,
    logged,
    give: async (ms = lifeMs) => {
      const { askedAt, answer } = oldest();
      answer.resolve({ token: `token-${(given += 1)}`, expiresAt: askedAt + ms });
      await settle();
    },
    refuse: async (why = 'refused') => {
      oldest().answer.reject(new Denial('credential_unavailable', why));
      await settle();
    },
    get: (account = robot, patienceMs = 60_000) => {
      const token = get(account, patienceMs);
      token.catch(() => undefined);
      return token;
    },
    now: (account = robot) => {
      const token = tokens.tokenFor(account, { deadline: Date.now() + 60_000 });
      return typeof token === 'string' ? token : assert.fail('it must be waited for');
    },
    pass: async (ms) => {
      await settle();
      t.mock.timers.tick(ms);
      await settle();
    },
  };
}

function recordingLog(lines: string[]): Logger {
  const write = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

/** Lets everything that waits for no timer run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
