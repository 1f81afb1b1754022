/** What expressions work on. Text is well-formed; sizes count code points, as CEL has it. */
import type { Type } from './types.ts';

export type Value =
  string | boolean | number | bigint | null | Uint8Array | readonly Value[] | Tagged;

type Tagged =
  | Uint
  | CelMap
  | Optional
  | { readonly kind: 'type'; readonly type: string }
  | Timestamp
  | Duration
  | Opaque;

export interface Uint {
  readonly kind: 'uint';
  readonly value: bigint;
}

export interface CelMap {
  readonly kind: 'map';
  /** `kubernetes.claims` and `kubernetes.UserInfo` are maps to look up, and little else. */
  readonly type: string;
  readonly size: number;
  /** By selection and index: JSON has escaped names too. */
  readonly find: (key: Value) => Value | undefined;
  /** By the key as it is: `in`, comprehensions and comparisons. */
  readonly get: (key: Value) => Value | undefined;
  /** What a comprehension runs over. */
  readonly keys: () => Iterable<Value>;
}

export interface Optional {
  readonly kind: 'optional';
  readonly value: Value | undefined;
}

/** Nanoseconds since 1970. */
export interface Timestamp {
  readonly kind: 'timestamp';
  readonly nanos: bigint;
  /** The zone it was written in, as minutes east of UTC; only its text shows it. */
  readonly offset: number;
}

export interface Duration {
  readonly kind: 'duration';
  readonly nanos: bigint;
}

/** A value of one of Kubernetes' own types. */
export interface Opaque {
  readonly kind: 'opaque';
  readonly type: string;
  readonly data: object;
}

export function uint(value: bigint): Uint {
  return { kind: 'uint', value };
}

export function optional(value: Value | undefined): Optional {
  return { kind: 'optional', value };
}

export function opaque(type: string, data: object): Opaque {
  return { kind: 'opaque', type, data };
}

export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isTagged<K extends Tagged['kind']>(
  value: Value | undefined,
  kind: K,
): value is Extract<Tagged, { kind: K }> {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

/** The name of a value's type at run time. */
export function typeName(value: Value): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'bigint') return 'int';
  if (value === null) return 'null_type';
  if (value instanceof Uint8Array) return 'bytes';
  if (isList(value)) return 'list';
  if ('kind' in value) return taggedName(value);
  throw new TypeError('unknown value');
}

function taggedName(value: Tagged): string {
  switch (value.kind) {
    case 'uint':
    case 'type':
      return value.kind;
    case 'map':
    case 'opaque':
      return value.type;
    case 'optional':
      return 'optional_type';
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      break;
  }
  return 'google.protobuf.Duration';
}

/** Whether an argument fits a declared parameter; of lists and maps only the first member is looked at, as in cel-go. */
export function fits(type: Type, value: Value): boolean {
  if (type.kind === 'param' || type.kind === 'dyn') return true;
  if (type.name !== typeName(value)) return false;
  const [first, second] = type.params;
  if (isList(value)) return value[0] === undefined || first === undefined || fits(first, value[0]);
  if (!isTagged(value, 'map') || !first || !second) return true;
  for (const key of value.keys()) {
    const found = value.get(key);
    return fits(first, key) && (found === undefined || fits(second, found));
  }
  return true;
}

/** The code points of a text. */
export function codePoints(text: string): readonly string[] {
  return Array.from(text);
}

// eslint-disable-next-line no-control-regex -- all of ASCII is meant
const ascii = /^[\u0000-\u007f]*$/;

/** The number of code points. */
export function textSize(text: string): number {
  if (ascii.test(text)) return text.length;
  let size = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // The second half of a pair is no code point of its own.
    if (code < 0xdc00 || code > 0xdfff) size += 1;
  }
  return size;
}

/** CEL's size, or 1 for what has none: the measure of work. */
export function sizeOf(value: Value | undefined): number {
  if (typeof value === 'string') return textSize(value);
  if (value instanceof Uint8Array || isList(value)) return value.length;
  if (isTagged(value, 'map')) return value.size;
  if (isTagged(value, 'optional') && value.value !== undefined) return sizeOf(value.value);
  return 1;
}

const native = new WeakSet<object>();

/** Marks a list that Go code made of plain strings: kube-apiserver takes none of these for groups. */
export function nativeList(list: readonly string[]): readonly string[] {
  native.add(list);
  return list;
}

export function isNativeList(list: readonly Value[]): boolean {
  return native.has(list);
}

const asWritten = new WeakMap<object, () => readonly Value[]>();

/** Says what a JSON list holds for whom runs over it: objects without escaped names, as in kube-apiserver. */
export function rememberAsWritten(list: readonly Value[], elements: () => readonly Value[]): void {
  asWritten.set(list, elements);
}

/** What running over a list gives. */
export function iterated(list: readonly Value[]): readonly Value[] {
  return asWritten.get(list)?.() ?? list;
}
