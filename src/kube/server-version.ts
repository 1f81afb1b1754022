// Which version of Kubernetes the API server is: some of what it can be asked depends on it.
import type { Logger } from '../lib/logger.ts';
import { errorMessage } from '../lib/error-message.ts';
import type { KubeClient } from './client.ts';

export interface ServerVersion {
  /** The minor version, as in 1.36; undefined while it is not known. */
  readonly minor: () => number | undefined;
  readonly stop: () => void;
}

export interface ServerVersionOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  /** Between two looks, because clusters are upgraded; default 10 minutes. */
  readonly pollMs?: number;
  /** Between looks while the last failed; default 10 s. */
  readonly retryMs?: number;
}

const patienceMs = 10_000;

/** Asks `/version` in the background until stop(); what was known last stays while it can't be asked. */
export function followServerVersion(options: ServerVersionOptions): ServerVersion {
  const { client, log, pollMs = 600_000, retryMs = 10_000 } = options;
  const ending = new AbortController();
  let minor: number | undefined;
  let fault: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const before = { minor, fault };
    try {
      const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(patienceMs)]);
      minor = await askServerMinor(client, signal);
      fault = undefined;
    } catch (error) {
      fault = errorMessage(error);
    }
    if (ending.signal.aborted) return;
    if (fault !== undefined && fault !== before.fault) {
      log.warn({ fault }, 'the version of the API server could not be read');
    }
    if (minor !== before.minor) log.info({ minor }, 'the version of the API server is known');
    timer = setTimeout(() => void look(), fault === undefined ? pollMs : retryMs).unref();
  }
  void look();
  return {
    minor: () => minor,
    stop: () => {
      ending.abort();
      clearTimeout(timer);
    },
  };
}

/** The minor version, asked now. Rejects with a sentence. */
export async function askServerMinor(client: KubeClient, signal: AbortSignal): Promise<number> {
  return readMinor((await client.get('/version', signal)).content);
}

/** version.Info (apimachinery, pkg/version/types.go); hosted clusters say `36+`. */
function readMinor(content: unknown): number {
  if (typeof content === 'object' && content !== null && 'major' in content && 'minor' in content) {
    const [minor] = /^\d+/.exec(String(content.minor)) ?? [];
    if (content.major === '1' && minor !== undefined) return Number(minor);
  }
  throw new Error("the API server's answer to GET /version names no version that is known here");
}
