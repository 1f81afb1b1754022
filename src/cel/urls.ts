/** Kubernetes' functions on URLs. */
import { CelError } from './cel-error.ts';
import { mapOf } from './containers.ts';
import { define, isOpaque, noOverload, text, type Overload } from './library.ts';
import { parseUrl, queryOf, type Url } from './url.ts';
import { nativeList, opaque, type Value } from './value.ts';

const read = new WeakMap<object, Url>();

export const urls: readonly Overload[] = [
  define('url(string): kubernetes.URL', ([a]) => wrap(parseUrl(text(a)))),
  define('isURL(string): bool', ([a]) => parseUrl(text(a)) !== undefined),
  define('kubernetes.URL.getScheme(): string', ([a]) => urlOf(a).scheme),
  define('kubernetes.URL.getHost(): string', ([a]) => urlOf(a).host),
  define('kubernetes.URL.getHostname(): string', ([a]) => urlOf(a).host.replace(/:\d*$/, '')),
  define('kubernetes.URL.getPort(): string', ([a]) => urlOf(a).port),
  define('kubernetes.URL.getEscapedPath(): string', ([a]) => urlOf(a).path),
  define('kubernetes.URL.getQuery(): map(string, list(string))', ([a]) =>
    mapOf(Array.from(queryOf(urlOf(a)), ([name, values]) => [name, nativeList(values)])),
  ),
];

function wrap(url: Url | undefined): Value {
  if (!url) throw new CelError('URL parse error during conversion from string');
  read.set(url, url);
  return opaque('kubernetes.URL', url);
}

function urlOf(value: Value | undefined): Url {
  const url = isOpaque(value, 'kubernetes.URL') ? read.get(value.data) : undefined;
  if (!url) throw noOverload();
  return url;
}
