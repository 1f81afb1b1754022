/** A second request behind or inside a first one on the same HTTP/1.1 connection, without a credential of its own. */

interface Values {
  /** A good token. */
  readonly token: string;
  /** User agent of the hidden request. */
  readonly agent: string;
  readonly host: string;
  readonly path: string;
}

export interface HiddenRequest {
  /** Where it is hidden. */
  readonly what: string;
  readonly bytes: (values: Values) => string;
  /** Statuses that come back on the connection. */
  readonly answers: readonly number[];
}

function hidden({ agent, host, path }: Values): string {
  return lines(`GET ${path} HTTP/1.1`, `host: ${host}`, `user-agent: ${agent}`);
}

function first(method: string, { token, host, path }: Values, ...more: readonly string[]): string {
  return lines(
    `${method} ${path} HTTP/1.1`,
    `host: ${host}`,
    `authorization: Bearer ${token}`,
    ...more,
  );
}

function lines(...all: readonly string[]): string {
  return `${all.join('\r\n')}\r\n\r\n`;
}

function chunked(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
}

const websocket = ['connection: Upgrade', 'upgrade: websocket'] as const;

/** The last answer is that of the hidden request where there is one. */
export const hiddenRequests: readonly HiddenRequest[] = [
  {
    what: 'behind a good one',
    bytes: (values) => first('GET', values) + hidden(values),
    answers: [200, 401],
  },
  {
    what: 'behind a refused one',
    bytes: (values) => first('GET', { ...values, token: 'x' }) + hidden(values),
    answers: [401, 401],
  },
  {
    what: 'in the body of a good one',
    bytes: (values) => {
      const body = hidden(values);
      return first('GET', values, `content-length: ${body.length}`) + body;
    },
    answers: [200],
  },
  {
    what: 'in the chunks of a good one',
    bytes: (values) => first('GET', values, 'transfer-encoding: chunked') + chunked(hidden(values)),
    answers: [200],
  },
  {
    what: 'behind an upgrade that the API server does not make',
    bytes: (values) => first('GET', values, ...websocket) + hidden(values),
    answers: [200],
  },
  {
    what: 'behind an upgrade that is refused',
    bytes: (values) => first('GET', { ...values, token: 'x' }, ...websocket) + hidden(values),
    answers: [401],
  },
];
