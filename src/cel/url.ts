/** URLs as Go's net/url reads them. Only texts whose reading is beyond doubt are read. */
import { CelError } from './cel-error.ts';

export interface Url {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
  readonly query: string;
  /** Two URLs are equal when these are. */
  readonly identity: string;
}

const pathText = "(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*";
const certain = new RegExp(
  `^(?:([A-Za-z][A-Za-z0-9+.-]*)://([A-Za-z0-9.-]+)(?::(\\d*))?(?=[/?#]|$)|(?=/(?!/)))(${pathText})(\\?[!"$-~]*)?(#${pathText})?$`,
);

/** The URL; undefined when Go surely refuses it. Throws CelError when in doubt. */
export function parseUrl(value: string): Url | undefined {
  const [whole, scheme = '', name = '', port, path = '', query = '', fragment = ''] =
    certain.exec(value) ?? [];
  if (whole === undefined) {
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(value)) return undefined;
    // Without a scheme only an absolute path is a URL.
    if (value === '' || /^[A-Za-z0-9][A-Za-z0-9 +._-]*$/.test(value)) return undefined;
    throw new CelError('a URL of a form that is not supported');
  }
  const host = port === undefined ? name : `${name}:${port}`;
  const lower = scheme.toLowerCase();
  const identity = `${lower}://${host}${path}${query}${fragment}`;
  return { scheme: lower, host, port: port ?? '', path, query: query.slice(1), identity };
}

/** The parameters in order of their first occurrence, with all values of each. */
export function queryOf(url: Url): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const pair of url.query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const [name = '', ...rest] = pair.split('=');
    const key = unescape(name);
    const value = unescape(rest.join('='));
    if (key === undefined || value === undefined) continue;
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return values;
}

function unescape(text: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new CelError('a URL query that is no UTF-8');
  }
}
