// What a request asks of the API, exactly as kube-apiserver reads it from method and request target:
// k8s.io/apiserver pkg/endpoints/request/requestinfo.go at v0.36.3, and the parts of Go that it stands on.
import { percentDecode, readListOptions, readQuery } from './request-query.ts';

export interface RequestInfo {
  readonly isResourceRequest: boolean;
  /** The URL's path, decoded. */
  readonly path: string;
  /** Kubernetes' verb for a resource ('' when the method has none), else the method in lower case. */
  readonly verb: string;
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** Raw, '' when none or when the API server doesn't look at it for this verb. */
  readonly fieldSelector: string;
  /** Raw, '' when none or when the API server doesn't look at it for this verb. */
  readonly labelSelector: string;
}

type PathInfo = Omit<RequestInfo, 'fieldSelector' | 'labelSelector'>;

const verbs: ReadonlyMap<string, string> = new Map([
  ['POST', 'create'],
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);
const noSelectors = { fieldSelector: '', labelSelector: '' };

// RFC 9110: what net/http takes for a method.
const isToken = /^[\w!#$%&'*+.^`|~-]+$/;
// Control bytes are Go's refusal; a space or `#`, which Envoy refuses, is read in several ways on the
// way; U+FFFD stands where bytes were that are no UTF-8, or may do so.
const unsafe = /[\u0000-\u0020#\u007f\ufffd\ud800-\udfff]/u; // oxlint-disable-line no-control-regex

/**
 * What the API server makes of a request; undefined when it would refuse it before it knows what it
 * is (a path Go can't parse, a special verb without a kind), or when that is in doubt. Never throws.
 */
export function readRequestInfo(method: string, target: string): RequestInfo | undefined {
  // Other forms (`*`, a whole URL, a host to CONNECT to) never leave Envoy.
  if (!isToken.test(method) || !target.startsWith('/') || unsafe.test(target)) return undefined;
  const [rawPath, rawQuery] = splitOnce(target, '?');
  const path = percentDecode(rawPath);
  if (path === undefined) return undefined;
  const [prefix, ...rest] = splitPath(path);
  if (prefix !== 'api' && prefix !== 'apis') return nonResource(method, path);
  const [apiGroup = '', apiVersion = '', ...parts] = prefix === 'api' ? ['', ...rest] : rest;
  if (parts.length === 0) return nonResource(method, path);
  const info = readParts(method, parts);
  return (
    info && withQuery({ isResourceRequest: true, path, apiGroup, apiVersion, ...info }, rawQuery)
  );
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    apiGroup: '',
    apiVersion: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    ...noSelectors,
  };
}

/** `parts` begin after the version; undefined when there is a verb and nothing to use it on. */
function readParts(
  method: string,
  parts: readonly string[],
): Pick<PathInfo, 'verb' | 'namespace' | 'resource' | 'subresource' | 'name'> | undefined {
  const special = parts[0] === 'watch' || parts[0] === 'proxy' ? parts[0] : undefined;
  if (special !== undefined && parts.length < 2) return undefined;
  const { namespace, own } = namespaced(special === undefined ? parts : parts.slice(1));
  const [resource = '', name = '', subresource = ''] = own;
  return {
    verb: special ?? verbs.get(method) ?? '',
    namespace,
    resource,
    subresource: special === 'proxy' ? '' : subresource,
    name,
  };
}

/** A namespace, and the parts from the resource on; a namespace itself is a resource too. */
function namespaced(parts: readonly string[]): {
  readonly namespace: string;
  readonly own: readonly string[];
} {
  const [first, namespace = '', next] = parts;
  if (first !== 'namespaces') return { namespace: '', own: parts };
  const isItself = next === undefined || next === 'status' || next === 'finalize';
  return { namespace, own: isItself ? parts : parts.slice(2) };
}

/** A get or delete that names no object means a collection, or the one object that it selects. */
function withQuery(info: PathInfo, rawQuery: string): RequestInfo | undefined {
  const isCollection = info.name === '' && (info.verb === 'get' || info.verb === 'delete');
  if (!isCollection) return { ...info, ...noSelectors };
  const query = readQuery(rawQuery);
  if (query === undefined) return undefined;
  const fieldSelector = query.get('fieldSelector') ?? '';
  const labelSelector = query.get('labelSelector') ?? '';
  if (`${fieldSelector}${labelSelector}`.includes('\ufffd')) return undefined;
  const selectors = { fieldSelector, labelSelector };
  if (info.verb === 'delete') return { ...info, verb: 'deletecollection', ...selectors };
  const { watch, name } = readListOptions(query);
  return { ...info, verb: watch ? 'watch' : 'list', name, ...selectors };
}

/** Go decodes the path before it is split: an escaped `/` separates too. */
function splitPath(path: string): readonly string[] {
  const parts = path.split('/');
  const first = parts.findIndex((part) => part !== '');
  return first < 0 ? [] : parts.slice(first, parts.findLastIndex((part) => part !== '') + 1);
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
