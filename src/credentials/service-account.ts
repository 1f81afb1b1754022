// The one credential that goes upstream: the token of our own service account, kept in a file that
// the kubelet renews.
import { Denial } from '../denial/denial.ts';
import type { Logger } from '../lib/logger.ts';
import { watchFiles, type FilesContent, type WatchOptions } from '../lib/watched-file.ts';

export interface UpstreamToken {
  /** The token to send; throws Denial when there is none that is valid. */
  readonly current: () => string;
  /** Why there is none, for /readyz; undefined while there is one. */
  readonly fault: () => string | undefined;
  /** When it expires, in seconds since 1970; undefined when it doesn't tell or isn't there. */
  readonly expiry: () => number | undefined;
  readonly stop: () => void;
}

export interface UpstreamTokenOptions extends WatchOptions {
  readonly file: string;
  readonly log: Logger;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
}

interface State {
  readonly token?: string;
  /** Seconds since 1970. */
  readonly expiry?: number | undefined;
  readonly fault?: string;
}

/** RFC 6750 §2.1: anything else could not stand in an Authorization header. */
const b64token = /^[A-Za-z0-9._~+/-]+=*$/;

/** Follows the token file: a renewed token is used at once, a missing or expired one never. */
export async function createUpstreamToken(options: UpstreamTokenOptions): Promise<UpstreamToken> {
  const { file, log, now = Date.now } = options;
  let state: State = { fault: `${file} was not read yet` };
  const files = await watchFiles([file], take, options);
  function take(content: FilesContent): void {
    state = readToken(file, content);
    if (state.fault === undefined) log.info({ file, expiry: state.expiry }, 'upstream token read');
    else log.error({ file, fault: state.fault }, 'no upstream token');
  }
  function fault(): string | undefined {
    const { expiry } = state;
    if (expiry === undefined || expiry * 1000 > now()) return state.fault;
    return `the token in ${file} has expired and was not renewed`;
  }
  return {
    current: () => {
      const why = fault();
      if (why === undefined && state.token !== undefined) return state.token;
      void files.refresh();
      throw new Denial(
        'credential_unavailable',
        `this proxy has no valid token of its own for the API server: ${why ?? 'none was read'}`,
      );
    },
    fault,
    expiry: () => state.expiry,
    stop: () => files.stop(),
  };
}

function readToken(file: string, content: FilesContent): State {
  if (content instanceof Error) return { fault: `${file} can't be read (${codeOf(content)})` };
  const token = (content[0] ?? '').trim();
  if (token === '') return { fault: `${file} is empty` };
  if (!b64token.test(token)) return { fault: `${file} does not hold a bearer token` };
  return { token, expiry: expiryOf(token) };
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}

/** Service-account tokens are JWTs; of an opaque one only the API server knows the end. */
function expiryOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    );
    if (typeof claims !== 'object' || claims === null || !('exp' in claims)) return undefined;
    return typeof claims.exp === 'number' ? claims.exp : undefined;
  } catch {
    return undefined; // not a JWT
  }
}
