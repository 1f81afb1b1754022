// How one jwt entry reaches the sources of distributed claims: other people's servers, so every limit of
// lib/http.ts is set here, too.
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { LRUCache } from 'lru-cache';
import { createJsonClient } from '../lib/http.ts';
import { discoverKeys } from './discovery.ts';
import type { ClaimSource } from './distributed-claims-source.ts';
import { addressOf, type ClaimSources, type SourceAnswer } from './distributed-claims.ts';
import { keepIssuerKeys, type IssuerKeys, type KeyTiming } from './issuer-keys.ts';

export interface ClaimSourcesOptions {
  /** PEM; replaces the system's roots. */
  readonly ca?: string | undefined;
  readonly timing?: KeyTiming;
  /** For a whole exchange, in milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** Of an answer; default 1 MiB. */
  readonly maxBytes?: number;
  /** How many issuers' keys are kept: those that were named last. Default 16. */
  readonly maxIssuers?: number;
  /** Who is told of every attempt to fetch that issuer's keys; the error is undefined when it went well. */
  readonly reportTo?: (issuerURL: string) => (error: string | undefined) => void;
}

export interface StartedClaimSources extends ClaimSources {
  readonly stop: () => Promise<void>;
}

/** Nothing is fetched before a token names a source. */
export function createClaimSources(options: ClaimSourcesOptions = {}): StartedClaimSources {
  const { ca, timeoutMs = 10_000, maxBytes = 1024 * 1024, maxIssuers = 16 } = options;
  const agent = new Agent({ ...(ca !== undefined && { ca }), maxSockets: 32 });
  const client = createJsonClient({ ca, timeoutMs, maxBytes });
  const ending = new AbortController();
  const issuers = new LRUCache<string, IssuerKeys>({
    max: maxIssuers,
    dispose: (keys) => keys.stop(),
  });

  function keepKeys(issuerURL: string): IssuerKeys {
    const onAttempt = options.reportTo?.(issuerURL);
    const keys = keepIssuerKeys({
      ...options.timing,
      fetchKeys: (signal) => discoverKeys({ issuerURL, ...client }, signal),
      ...(onAttempt && { onAttempt }),
    });
    if (ending.signal.aborted) keys.stop();
    else issuers.set(issuerURL, keys);
    return keys;
  }
  return {
    fetchAnswer: async (source) => {
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ending.signal]);
      try {
        return await get(source, { agent, signal, maxBytes });
      } catch (error) {
        const why = ending.signal.aborted ? 'its entry is no longer configured' : fault(error);
        throw new Error(`GET ${addressOf(source)}: ${why}`, { cause: error });
      }
    },
    keysOf: (issuerURL) => issuers.get(issuerURL) ?? keepKeys(issuerURL),
    stop: async () => {
      ending.abort();
      issuers.clear();
      agent.destroy();
      await client.close();
    },
  };
}

interface Exchange {
  readonly agent: Agent;
  readonly signal: AbortSignal;
  readonly maxBytes: number;
}

/** Redirects are an answer like any other: the access token goes nowhere else. */
function get({ url, accessToken }: ClaimSource, exchange: Exchange): Promise<SourceAnswer> {
  const { agent, signal, maxBytes } = exchange;
  const headers = accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, headers, signal }, (response) => {
      const { statusCode: status = 0 } = response;
      readBody(response, maxBytes).then((body) => resolve({ status, body }), reject);
    });
    outgoing.on('error', reject).end();
  });
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('latin1')) {
    body += String(chunk);
    // Leaving the loop closes the connection.
    if (body.length > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
  }
  return body;
}

function fault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError') return 'no whole answer in time';
  // A refused dual-stack connection is an AggregateError without a message.
  if ('code' in error && error.message === '') return String(error.code);
  return error.message;
}
