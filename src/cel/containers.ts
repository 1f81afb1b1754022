/** Looking into maps and lists, and JSON as CEL sees it. */
import { CelError } from './cel-error.ts';
import { isNumeric } from './equality.ts';
import { unescapeField } from './escaping.ts';
import {
  isList,
  isTagged,
  nativeList,
  rememberAsWritten,
  typeName,
  type CelMap,
  type Value,
} from './value.ts';

/** The member, or undefined when there is none; throws CelError for a key of a wrong type. */
export function member(container: Value, key: Value): Value | undefined {
  if (isTagged(container, 'map')) return container.find(key);
  if (!isList(container)) return undefined;
  const index = listIndex(key);
  return index < 0 || index >= container.length ? undefined : container[index];
}

/** The member; throws CelError when there is none. */
export function requiredMember(container: Value, key: Value): Value {
  const found = member(container, key);
  if (found !== undefined) return found;
  throw new CelError(isList(container) ? 'index out of bounds' : 'no such key');
}

function listIndex(key: Value): number {
  if (!isNumeric(key)) throw new CelError(`unsupported index type '${typeName(key)}' in list`);
  const index = Number(typeof key === 'object' ? key.value : key);
  if (!Number.isInteger(index)) throw new CelError('unsupported index value in list');
  return index;
}

/** A map of any keys; throws CelError for a key that occurs twice or can't be one. */
export function mapOf(entries: readonly (readonly [Value, Value])[]): CelMap {
  const known = new Map<string, readonly [Value, Value]>();
  for (const entry of entries) {
    const id = keyOf(entry[0]);
    if (id === undefined) throw new CelError('unsupported key type');
    if (known.has(id)) throw new CelError('Failed with repeated key');
    known.set(id, entry);
  }
  const get = (key: Value): Value | undefined => known.get(keyOf(key) ?? '')?.[1];
  return {
    kind: 'map',
    type: 'map',
    size: known.size,
    find: get,
    get,
    keys: () => Array.from(known.values(), ([key]) => key),
  };
}

/** Numbers of all types that are equal have one key. */
function keyOf(key: Value): string | undefined {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (isTagged(key, 'uint')) return `n${key.value}`;
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : `d${key}`;
  return undefined;
}

/** How JSON is seen: of claims and users fields have escaped names too; lists of a user are Go's own. */
type Origin = 'claims' | 'user' | 'written';

/** A JSON value: numbers are doubles. */
function fromJson(json: unknown, origin: Origin): Value {
  if (json === null || typeof json === 'boolean' || typeof json === 'number') return json;
  if (typeof json === 'string') return json.toWellFormed();
  if (Array.isArray(json)) {
    const list = json.map((one: unknown) => fromJson(one, origin));
    if (origin === 'claims') {
      let written: readonly Value[] | undefined;
      rememberAsWritten(
        list,
        () => (written ??= json.map((one: unknown) => fromJson(one, 'written'))),
      );
    }
    return origin === 'user' ? nativeList(list.map(String)) : list;
  }
  if (typeof json === 'object') return jsonMap(json, origin);
  throw new CelError('unsupported value');
}

function jsonMap(json: object, origin: Origin): CelMap {
  const fields = new Map(Object.entries(json).map(([name, one]) => [name.toWellFormed(), one]));
  const known = {
    claims: new Map(),
    user: new Map(),
    written: new Map(),
  } as const satisfies Record<Origin, Map<string, Value>>;
  const get = (name: Value, inner: Origin): Value | undefined =>
    typeof name === 'string' ? convertOnce(fields, name, inner, known[inner]) : undefined;
  return {
    kind: 'map',
    type: 'map',
    size: fields.size,
    find: (key) => get(origin === 'written' ? key : unescaped(key), origin),
    get: (key) => get(key, 'written'),
    keys: () => fields.keys(),
  };
}

/** A field's value, kept so that an expression in a loop converts it once. */
function convertOnce(
  fields: ReadonlyMap<string, unknown>,
  name: string,
  origin: Origin,
  known: Map<string, Value>,
): Value | undefined {
  if (!fields.has(name)) return undefined;
  const before = known.get(name);
  if (before !== undefined) return before;
  const value = fromJson(fields.get(name), origin);
  known.set(name, value);
  return value;
}

function unescaped(key: Value): Value {
  return typeof key === 'string' ? (unescapeField(key) ?? key) : key;
}

/** The variable itself: looked up by escaped names only, and iterating gives values, as kube-apiserver has it. */
export function variableMap(type: string, json: unknown): CelMap {
  const origin = type === 'kubernetes.claims' ? 'claims' : 'user';
  const fields = new Map(typeof json === 'object' && json !== null ? Object.entries(json) : []);
  const known = new Map<string, Value>();
  const get = (key: Value): Value | undefined => {
    if (typeof key !== 'string') throw new CelError('no such overload');
    const name = unescapeField(key);
    return name === undefined ? undefined : convertOnce(fields, name, origin, known);
  };
  return {
    kind: 'map',
    type,
    size: fields.size,
    find: get,
    get,
    keys: () => Array.from(fields.values(), (one) => fromJson(one, origin)),
  };
}
