// A value of a configuration and where it stands. Envoy reads protobuf's JSON: every field may be
// spelt in snake_case or in camelCase, so that is how fields are found here, and paths stay as written.

export type Path = readonly (string | number)[];

export interface Field {
  /** Undefined: nothing stands there. */
  readonly value: unknown;
  readonly path: Path;
}

/** The field below, by snake_case names; its path has the spelling that was found. */
export function at(field: Field, ...names: readonly (string | number)[]): Field {
  return names.reduce<Field>(child, field);
}

function child({ value, path }: Field, name: string | number): Field {
  if (Array.isArray(value)) {
    return { value: typeof name === 'number' ? value[name] : undefined, path: [...path, name] };
  }
  const spelling = spellings(name).find((one) => isRecord(value) && Object.hasOwn(value, one));
  if (spelling === undefined) return { value: undefined, path: [...path, name] };
  return { value: isRecord(value) ? value[spelling] : undefined, path: [...path, spelling] };
}

function spellings(name: string | number): readonly string[] {
  const snake = String(name);
  return [snake, snake.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())];
}

/** The elements of a list; none when it is no list. */
export function items({ value, path }: Field): readonly Field[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: unknown, index) => ({ value: one, path: [...path, index] }));
}

/** The entries of a map with their keys; none when it is no map. */
export function entries({ value, path }: Field): readonly (readonly [key: string, Field])[] {
  if (!isRecord(value)) return [];
  return Object.entries(value).map(([key, one]) => [key, { value: one, path: [...path, key] }]);
}

/** Whether anything stands there; protobuf's JSON takes null for nothing. */
export function isSet({ value }: Field): boolean {
  return value !== undefined && value !== null;
}

export function text({ value }: Field): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Whether it is true; protobuf's JSON knows no other way to say so. */
export function isTrue({ value }: Field): boolean {
  return value === true;
}

/** A number, which protobuf's JSON may also have as text. */
export function number({ value }: Field): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

/** A protobuf duration (`2.5s`) in milliseconds. */
export function milliseconds({ value }: Field): number | undefined {
  const [, seconds] = typeof value === 'string' ? (/^(-?\d+(?:\.\d+)?)s$/.exec(value) ?? []) : [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** The name of an enum's value, which may be given by its number; `names` are in that order. */
export function enumName(field: Field, names: readonly string[]): string | undefined {
  return typeof field.value === 'number' ? names[field.value] : text(field);
}

/** The field itself and everything in it, depth first. */
export function* within(field: Field): Generator<Field> {
  yield field;
  for (const inner of items(field)) yield* within(inner);
  for (const [, inner] of entries(field)) yield* within(inner);
}

/** The type that an Any names (`HttpConnectionManager`), without package; undefined when it is none. */
export function typeOf(field: Field): string | undefined {
  return text(at(field, '@type'))?.split(/[./]/).at(-1);
}

/** What an Any holds: TypedStruct has it one level deeper, under another name. */
export function unwrapped(any: Field): Field & { readonly type: string | undefined } {
  if (typeOf(any) !== 'TypedStruct') return { ...any, type: typeOf(any) };
  const type = text(at(any, 'type_url'))?.split(/[./]/).at(-1);
  return { ...at(any, 'value'), type };
}

/** As in `static_resources.listeners[0].name`. */
export function pathText(path: Path): string {
  return path.reduce<string>((before, name) => before + step(name, before === ''), '');
}

function step(name: string | number, isFirst: boolean): string {
  if (typeof name === 'number') return `[${name}]`;
  if (!/^[@\w/-]+$/.test(name)) return `[${JSON.stringify(name)}]`;
  return isFirst ? name : `.${name}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
