// What a request asks of the API, as kube-apiserver reads it from method and path:
// k8s.io/apiserver pkg/endpoints/request/requestinfo.go at v0.36.3.

export interface RequestInfo {
  /** Kubernetes' verb for a resource, else the method in lower case. */
  readonly verb: string;
  /** With its subresource (`pods/log`); empty when the path is not a resource's. */
  readonly resource: string;
  readonly apiGroup: string;
  readonly namespace: string;
  readonly name: string;
}

const verbs: ReadonlyMap<string, string> = new Map([
  ['POST', 'create'],
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);

/** Reads method and request target; never throws. */
export function toRequestInfo(method: string, target: string): RequestInfo {
  const [path, query] = splitOnce(target, '?');
  const [prefix = '', ...parts] = segments(path);
  const nonResource = {
    verb: method.toLowerCase(),
    resource: '',
    apiGroup: '',
    namespace: '',
    name: '',
  };
  if (prefix === 'api' && parts.length >= 2) {
    return { ...resourceInfo(method, parts.slice(1), query), apiGroup: '' };
  }
  if (prefix === 'apis' && parts.length >= 3) {
    return { ...resourceInfo(method, parts.slice(2), query), apiGroup: parts[0] ?? '' };
  }
  return nonResource;
}

/** `parts` begin after the version. */
function resourceInfo(
  method: string,
  parts: readonly string[],
  query: string,
): Omit<RequestInfo, 'apiGroup'> {
  const special = parts[0] === 'watch' || parts[0] === 'proxy' ? parts[0] : undefined;
  const { namespace, rest } = namespaced(special === undefined ? parts : parts.slice(1));
  const [resource = '', pathName = '', subresource = ''] = rest;
  const verb = special ?? verbs.get(method) ?? '';
  const collection = pathName === '' ? asCollection(verb, query) : { verb, name: pathName };
  return {
    ...collection,
    resource: subresource === '' || special === 'proxy' ? resource : `${resource}/${subresource}`,
    namespace,
  };
}

function namespaced(parts: readonly string[]): { namespace: string; rest: readonly string[] } {
  if (parts[0] !== 'namespaces') return { namespace: '', rest: parts };
  const [, namespace = '', next] = parts;
  const own = next === undefined || next === 'status' || next === 'finalize';
  return { namespace, rest: own ? parts : parts.slice(2) };
}

/** A request that names no object means the collection, or the one object that it selects. */
function asCollection(
  verb: string,
  query: string,
): { readonly verb: string; readonly name: string } {
  if (verb === 'delete') return { verb: 'deletecollection', name: '' };
  if (verb !== 'get' || query === '') return { verb: verb === 'get' ? 'list' : verb, name: '' };
  const parameters = new URLSearchParams(query);
  const watch = parameters.get('watch');
  const watches = watch !== null && !['false', '0'].includes(watch.toLowerCase());
  return { verb: watches ? 'watch' : 'list', name: selectedName(parameters) };
}

/** A list of one object, as kubectl's `get -w NAME` asks for it. */
function selectedName(parameters: URLSearchParams): string {
  const selector = parameters.get('fieldSelector') ?? '';
  const terms = selector.split(',').filter((term) => term !== '');
  const parsed = terms.map((term) => /^([^!=]*)(!=|==|=)([^=\\]*)$/.exec(term));
  if (parsed.includes(null)) return ''; // one that can't be read spoils the others
  const exact = parsed.find((term) => term?.[1] === 'metadata.name' && term[2] !== '!=');
  const name = exact?.[3] ?? '';
  return ['.', '..'].includes(name) || /[/%]/.test(name) ? '' : name;
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Go decodes the path before it is split: an escaped `/` separates too. */
function segments(path: string): readonly string[] {
  const all = path.split('/').map(decode).join('/').split('/');
  const first = all.findIndex((part) => part !== '');
  return first < 0 ? [] : all.slice(first, all.findLastIndex((part) => part !== '') + 1);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
