/** One HTTPS GET that trusts exactly one authority: for readiness probes and for looking behind the scenes. */
import { request } from 'node:https';

export interface GetOptions {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 10 000. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends the request on a connection of its own; rejects when no whole answer arrives in time. */
export function httpsGet(options: GetOptions): Promise<Answer> {
  const { url, ca, token, timeoutMs = 10_000 } = options;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { ...options.headers, ...authorization };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request(url, { ca, headers, agent: false, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    outgoing.on('error', reject).end();
  });
}
