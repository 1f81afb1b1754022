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

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Reads method and request target; never throws. */
export function toRequestInfo(method: string, target: string): RequestInfo {
  const [path, query] = splitOnce(target, '?');
  const [prefix, ...rest] = path.split('/').filter((_, index) => index > 0);
  const nonResource = {
    verb: method.toLowerCase(),
    resource: '',
    apiGroup: '',
    namespace: '',
    name: '',
  };
  const parts = rest.filter((part, index) => part !== '' || index < rest.length - 1).map(decode);
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
  const parameters = new URLSearchParams(query);
  const verb = special ?? verbs[method] ?? '';
  const name = pathName === '' && verb === 'get' ? selectedName(parameters) : pathName;
  return {
    verb: pathName === '' ? collectionVerb(verb, parameters) : verb,
    resource: subresource === '' || special === 'proxy' ? resource : `${resource}/${subresource}`,
    namespace,
    name,
  };
}

function namespaced(parts: readonly string[]): { namespace: string; rest: readonly string[] } {
  if (parts[0] !== 'namespaces') return { namespace: '', rest: parts };
  const [, namespace = '', next] = parts;
  const own = next === undefined || next === 'status' || next === 'finalize';
  return { namespace, rest: own ? parts : parts.slice(2) };
}

function collectionVerb(verb: string, parameters: URLSearchParams): string {
  if (verb === 'delete') return 'deletecollection';
  if (verb !== 'get') return verb;
  const watch = parameters.get('watch');
  return watch !== null && !['false', '0'].includes(watch.toLowerCase()) ? 'watch' : 'list';
}

/** A list of one object, as kubectl's `get -w NAME` asks for it. */
function selectedName(parameters: URLSearchParams): string {
  const selector = parameters.get('fieldSelector') ?? '';
  return /(?:^|,)metadata\.name==?([^,!=]+)(?:,|$)/.exec(selector)?.[1] ?? '';
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
