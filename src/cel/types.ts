/** CEL's static types, and the notation in which functions are declared: `list(T).join(string): string`. */

export interface Type {
  /** CEL's name: `int`, `list`, `net.IP`...; of a type parameter its own name. */
  readonly name: string;
  readonly kind:
    'primitive' | 'list' | 'map' | 'opaque' | 'struct' | 'param' | 'type' | 'dyn' | 'error';
  readonly params: readonly Type[];
}

export interface Signature {
  readonly name: string;
  readonly member: boolean;
  /** The receiver comes first. */
  readonly args: readonly Type[];
  readonly result: Type;
}

const opaqueNames = new Set([
  'optional_type',
  'kubernetes.URL',
  'kubernetes.Quantity',
  'kubernetes.NamedFormat',
  'kubernetes.Semver',
  'net.IP',
  'net.CIDR',
]);

export const dynType: Type = { name: 'dyn', kind: 'dyn', params: [] };
/** The values of claims: cel-go's `any`, which works like `dyn` and is another type than it. */
export const anyType: Type = { name: 'any', kind: 'dyn', params: [] };
export const errorType: Type = { name: '!error!', kind: 'error', params: [] };
export const boolType = primitive('bool');
export const intType = primitive('int');
export const uintType = primitive('uint');
export const doubleType = primitive('double');
export const stringType = primitive('string');
export const bytesType = primitive('bytes');
export const nullType = primitive('null_type');
export const timestampType = primitive('google.protobuf.Timestamp');
export const durationType = primitive('google.protobuf.Duration');
export const userType: Type = { name: 'kubernetes.UserInfo', kind: 'struct', params: [] };

export function listType(element: Type): Type {
  return { name: 'list', kind: 'list', params: [element] };
}

export function mapType(key: Type, value: Type): Type {
  return { name: 'map', kind: 'map', params: [key, value] };
}

export function optionalType(value: Type): Type {
  return { name: 'optional_type', kind: 'opaque', params: [value] };
}

export function typeType(of?: Type): Type {
  return { name: 'type', kind: 'type', params: of ? [of] : [] };
}

export function typeParam(name: string): Type {
  return { name, kind: 'param', params: [] };
}

/** What CEL's `claims` and `user` are. */
export const claimsType = mapType(stringType, anyType);
export const userFields: Readonly<Record<string, Type>> = {
  username: stringType,
  uid: stringType,
  groups: listType(stringType),
  extra: mapType(stringType, listType(stringType)),
};

export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.name !== b.name || a.params.length !== b.params.length) return false;
  return a.params.every((param, at) => sameType(param, b.params[at] ?? errorType));
}

/** As CEL prints it: `map(string, list(int))`. */
export function showType({ name, params }: Type): string {
  const shown = shortNames[name] ?? name;
  return params.length === 0 ? shown : `${shown}(${params.map(showType).join(', ')})`;
}

const shortNames: Readonly<Record<string, string>> = {
  null_type: 'null',
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.Duration': 'duration',
};

const declaration =
  /^(?:((?:list|map|optional_type)\([^:]*?\)|string|bytes|timestamp|duration|net\.\w+|kubernetes\.\w+)\.)?([^()]+)\((.*)\): (.+)$/;

/** Reads `name(int, T): list(T)` or `list(T).name(int): bool`. */
export function signature(text: string): Signature {
  const [, receiver, name = '', args = '', result = ''] = declaration.exec(text) ?? [];
  const types = [...(receiver ? [receiver] : []), ...splitTopLevel(args)].map(parseType);
  return { name, member: receiver !== undefined, args: types, result: parseType(result) };
}

function parseType(text: string): Type {
  const [, name = '', inner] = /^([\w.]+)(?:\((.*)\))?$/.exec(text) ?? [];
  const params = splitTopLevel(inner ?? '').map(parseType);
  if (name === 'dyn') return dynType;
  if (name === 'list' || name === 'map' || name === 'type') return { name, kind: name, params };
  if (name === 'timestamp') return timestampType;
  if (name === 'duration') return durationType;
  if (opaqueNames.has(name)) return { name, kind: 'opaque', params };
  if (/^[A-Z]$/.test(name)) return typeParam(name);
  return primitive(name);
}

function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (text[at] !== ',' || depth > 0) continue;
    parts.push(text.slice(start, at).trim());
    start = at + 1;
  }
  const last = text.slice(start).trim();
  return last === '' ? parts : [...parts, last];
}

function primitive(name: string): Type {
  return { name, kind: 'primitive', params: [] };
}

export function opaqueType(name: string): Type {
  return { name, kind: 'opaque', params: [] };
}
