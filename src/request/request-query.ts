// A query as Go's net/url reads it, and the list options that Kubernetes takes from it:
// apimachinery pkg/apis/meta/v1/zz_generated.conversion.go and pkg/runtime/conversion.go at v0.36.3.
import { parseFieldSelector, requiredValue } from './field-selector.ts';
import { isInt64 } from './int64.ts';
import { isLabelSelector } from './label-selector.ts';

/** The first value of each parameter. Bytes that are not UTF-8 make it U+FFFD. */
export type Query = ReadonlyMap<string, string>;

export interface ListOptions {
  readonly watch: boolean;
  /** The one object that a field selector asks for; '' when it doesn't. */
  readonly name: string;
}

// Newer Go leaves out every parameter of a longer query, older Go reads them.
const mostParameters = 10_000;
const badEscape = /%(?![\dA-Fa-f]{2})/;

/** Percent-decodes; undefined where Go refuses it, or when the bytes are not UTF-8. */
export function percentDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Undefined when it depends on the API server's version of Go whether the query is read at all. */
export function readQuery(text: string): Query | undefined {
  const query = new Map<string, string>();
  const pairs = text.split('&');
  if (pairs.length > mostParameters) return undefined;
  for (const pair of pairs) {
    if (pair === '' || pair.includes(';')) continue;
    const [, rawName = '', rawValue = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const name = unescapeParameter(rawName);
    const value = unescapeParameter(rawValue);
    if (name === undefined || value === undefined || query.has(name)) continue;
    query.set(name, value);
  }
  return query;
}

/** Undefined where Go refuses it, and leaves the parameter out. */
function unescapeParameter(text: string): string | undefined {
  return badEscape.test(text) ? undefined : (percentDecode(text.replaceAll('+', ' ')) ?? '\ufffd');
}

/** Whether a list is a watch, and the name it is limited to. An option that can't be read spoils the name. */
export function readListOptions(query: Query): ListOptions {
  const watch = query.get('watch');
  const terms = parseFieldSelector(query.get('fieldSelector') ?? '');
  const isReadable =
    isIntegerOrAbsent(query.get('timeoutSeconds')) &&
    isIntegerOrAbsent(query.get('limit')) &&
    isLabelSelector(query.get('labelSelector') ?? '');
  if (terms === undefined || !isReadable) {
    return {
      watch: watch !== undefined && !['false', '0'].includes(watch.toLowerCase()),
      name: '',
    };
  }
  const name = requiredValue(terms, 'metadata.name') ?? '';
  return {
    // With the flag `u` as strings.EqualFold: the long s is an s.
    watch: watch !== undefined && !/^(?:0|false)$/iu.test(watch),
    name: isPathSegmentName(name) ? name : '',
  };
}

function isIntegerOrAbsent(text: string | undefined): boolean {
  return text === undefined || isInt64(text);
}

function isPathSegmentName(name: string): boolean {
  return name !== '.' && name !== '..' && !/[/%]/.test(name);
}
