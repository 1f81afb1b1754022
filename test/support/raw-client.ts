/** Sends requests as a hostile client would: every header line as it is given. */
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';

export interface RawRequest {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  readonly method?: string;
  readonly path?: string;
  readonly lines: readonly (readonly [name: string, value: string])[];
  /** How header text becomes bytes; default UTF-8. */
  readonly encoding?: 'utf8' | 'latin1';
}

export interface RawAnswer {
  /** 0 when an HTTP/2 stream was reset instead of answered. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const timeoutMs = 20_000;

/** One HTTP/1.1 request on a connection of its own. An upgrade is over once it is answered. */
export function sendHttp1(request: RawRequest): Promise<RawAnswer> {
  const { url, ca, method = 'GET', path = '/api/v1/pods', lines } = request;
  const { hostname, port, host } = new URL(url);
  const upgrades = lines.some(([name]) => name.toLowerCase() === 'upgrade');
  const head = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}`,
    ...(upgrades ? [] : ['connection: close']),
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ];
  const bytes = Buffer.from(`${head.join('\r\n')}\r\n\r\n`, request.encoding ?? 'utf8');
  return exchangeBytes({ hostname, port, ca, bytes }, (text) => isComplete(text, upgrades)).then(
    parseAnswer,
  );
}

/** Sends any bytes on one connection; returns what came back once the other side closes or `silentMs` pass without a byte. */
export function sendBytes(
  url: string,
  ca: string,
  bytes: Buffer,
  silentMs = 1_000,
): Promise<string> {
  const { hostname, port } = new URL(url);
  return exchangeBytes({ hostname, port, ca, bytes, silentMs }, () => false);
}

interface Bytes {
  readonly hostname: string;
  readonly port: string;
  readonly ca: string;
  readonly bytes: Buffer;
  /** Ends the exchange without an error. */
  readonly silentMs?: number;
}

function exchangeBytes(
  { hostname, port, ca, bytes, silentMs }: Bytes,
  isEnough: (text: string) => boolean,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const timeout = silentMs ?? timeoutMs;
    const socket = connectTls({ host: hostname, port: Number(port), ca, timeout });
    let text = '';
    const finish = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.on('secureConnect', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      if (isEnough(text)) finish();
    });
    socket.on('end', finish).on('error', reject);
    socket.on('timeout', () => {
      if (silentMs === undefined) socket.destroy(new Error('no answer in time'));
      else finish();
    });
  });
}

/** One HTTP/2 request on a connection of its own. */
export async function sendHttp2(request: RawRequest): Promise<RawAnswer> {
  const { url, ca, method = 'GET', path = '/api/v1/pods', lines } = request;
  // Node would refuse to send two Authorization lines.
  const options = { ca, strictSingleValueFields: false };
  const session = connectHttp2(url, options);
  try {
    return await new Promise<RawAnswer>((resolve, reject) => {
      session.on('error', reject);
      const pseudo = [':method', method, ':path', path, ':scheme', 'https', ':authority', 'lab'];
      const stream = session.request([...pseudo, ...lines.flat()]);
      let body = '';
      let status = 0;
      let headers: Record<string, string> = {};
      stream.setEncoding('utf8').setTimeout(timeoutMs, () => stream.close());
      stream.on('response', (answer) => {
        status = answer[':status'] ?? 0;
        headers = Object.fromEntries(Object.entries(answer).map(([k, v]) => [k, String(v)]));
      });
      stream.on('data', (chunk: string) => (body += chunk));
      stream.on('end', () => resolve({ status, headers, body }));
      stream.on('error', (error) => {
        const isReset = 'code' in error && error.code === 'ERR_HTTP2_STREAM_ERROR';
        if (isReset) resolve({ status: 0, headers, body });
        else reject(error);
      });
    });
  } finally {
    session.destroy();
  }
}

/** Envoy may take its time to close the connection after an answer of its own. */
function isComplete(text: string, upgrades: boolean): boolean {
  const [head = '', body] = text.split('\r\n\r\n', 2);
  if (body === undefined) return false;
  const [, length] = /^content-length: (\d+)$/im.exec(head) ?? [];
  return upgrades || Buffer.byteLength(body) === Number(length);
}

function parseAnswer(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return {
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers: Object.fromEntries(headers),
    body: rest.join('\r\n\r\n'),
  };
}
