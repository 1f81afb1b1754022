// Fetches small JSON documents over HTTPS for discovery and key sets, with every limit set: the
// servers asked are other people's.
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';

export interface HttpOptions {
  /** PEM; replaces the system's roots. */
  readonly ca?: string | undefined;
  /** For the whole exchange, in milliseconds; default 10 000. */
  readonly timeoutMs?: number;
  /** Default 1 MiB. */
  readonly maxBytes?: number;
  /** A bearer token for one server alone; the file is read for each request. */
  readonly bearer?: { readonly file: string; readonly origin: string } | undefined;
}

export interface JsonClient {
  /** GETs a document; rejects with a sentence that names the URL and what was wrong. */
  getJson(url: string, signal?: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** A client for HTTPS alone; it follows no redirects. */
export function createJsonClient(options: HttpOptions = {}): JsonClient {
  const { ca, timeoutMs = 10_000, maxBytes = 1024 * 1024 } = options;
  const agent = new Agent({
    connect: { ...(ca !== undefined && { ca }), timeout: timeoutMs },
    maxResponseSize: maxBytes,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  return {
    getJson: async (url, signal) => {
      const limit = AbortSignal.timeout(timeoutMs);
      const both = signal ? AbortSignal.any([signal, limit]) : limit;
      try {
        return await getJson(agent, url, await headersFor(url, options.bearer), both);
      } catch (error) {
        throw new Error(`GET ${url}: ${fault(error, maxBytes)}`, { cause: error });
      }
    },
    close: () => agent.destroy(),
  };
}

/** The token goes to its own server alone, whatever other address a document names. */
async function headersFor(
  url: string,
  bearer: HttpOptions['bearer'],
): Promise<Record<string, string>> {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== 'https:') throw new Error('only https is fetched');
  // kube-apiserver has its key set under the second type only (RFC 7517 §8.5.2).
  const accept = 'application/json, application/jwk-set+json';
  if (!bearer || parsed.origin !== bearer.origin) return { accept };
  const token = (await readFile(bearer.file, 'utf8')).trim();
  if (!/^[\w.~+/-]+=*$/.test(token)) throw new Error(`${bearer.file} does not hold a bearer token`);
  return { accept, authorization: `Bearer ${token}` };
}

async function getJson(
  dispatcher: Agent,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<unknown> {
  const { statusCode, body } = await request(url, { dispatcher, headers, signal });
  if (statusCode !== 200) {
    await body.dump();
    const hint = statusCode >= 300 && statusCode < 400 ? ' (redirects are not followed)' : '';
    throw new Error(`the answer is ${statusCode}${hint}, not 200`);
  }
  return parseJson(await body.text());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the answer is not JSON'); // The parser's own message quotes it.
  }
}

function fault(error: unknown, maxBytes: number): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return `the answer is larger than ${maxBytes} bytes`;
  }
  if (error.name === 'TimeoutError') return 'no whole answer in time';
  // A refused dual-stack connection is an AggregateError without a message.
  if ('code' in error && error.message === '') return String(error.code);
  return error.message;
}
