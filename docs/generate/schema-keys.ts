// The keys of a configuration schema, as a reader meets them: path, type, default, meaning.
import { z } from 'zod';

export interface SchemaKey {
  /** Such as `jwt[].issuer.url`. */
  readonly path: string;
  readonly type: string;
  /** Text as it is, else JSON; undefined when there is none, or none that says anything. */
  readonly fallback: string | undefined;
  readonly description: string;
  /** The file is refused without it (the schema's word; rules outside of it may ask for more). */
  readonly isRequired: boolean;
  /** No value is taken: known, and not supported yet. */
  readonly isRefused: boolean;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Every key of a schema, in its order; keys of alternatives stand one after another. */
export function schemaKeys(schema: z.ZodType): readonly SchemaKey[] {
  return keysBelow(
    z.toJSONSchema(schema, {
      io: 'input',
      reused: 'inline',
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (acceptsNothing(zodSchema)) jsonSchema.not = {};
      },
    }),
    '',
  );
}

function acceptsNothing(schema: unknown): boolean {
  const inner = schema instanceof z.ZodOptional ? schema.unwrap() : schema;
  return inner instanceof z.ZodUndefined;
}

function keysBelow(schema: JsonSchema, path: string): readonly SchemaKey[] {
  if (schema.anyOf) return uniteSame(schema.anyOf.map((one) => keysBelow(one, path)));
  const { items } = schema;
  if (isSchema(items)) return keysBelow(items, `${path}[]`);
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    if (!isSchema(value)) return [];
    const own = path === '' ? name : `${path}.${name}`;
    return [toKey(value, own, schema.required?.includes(name) ?? false), ...keysBelow(value, own)];
  });
}

function toKey(schema: JsonSchema, path: string, isRequired: boolean): SchemaKey {
  return {
    path,
    type: typeOf(schema),
    fallback: fallbackOf(schema),
    description: schema.description ?? '',
    isRequired,
    isRefused: schema.not !== undefined,
  };
}

/** A key that several alternatives have is one key, which may hold what any of them takes. */
function uniteSame(alternatives: readonly (readonly SchemaKey[])[]): readonly SchemaKey[] {
  const byPath = Map.groupBy(alternatives.flat(), ({ path }) => path);
  return [...byPath.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const isRequired = same.filter((key) => key.isRequired).length === alternatives.length;
    return [
      { ...first, isRequired, type: [...new Set(same.map(({ type }) => type))].join(' or ') },
    ];
  });
}

function typeOf(schema: JsonSchema): string {
  const { type, items, additionalProperties, minimum, maximum } = schema;
  const values = schema.const === undefined ? schema.enum : [schema.const];
  if (schema.not) return 'none';
  if (values) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (type === 'array') return isSchema(items) ? `list of ${plural(typeOf(items))}` : 'list';
  if (type === 'object' && isSchema(additionalProperties))
    return `map of ${plural(typeOf(additionalProperties))}`;
  if (type !== 'integer') return type === undefined ? 'anything' : String(type);
  return minimum === undefined ? type : `integer, ${minimum} to ${maximum}`;
}

function plural(type: string): string {
  return type.replace(/^(list|string|object|boolean|integer)\b/, '$1s');
}

function fallbackOf({ default: value }: JsonSchema): string | undefined {
  const isPlainObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (value === undefined || value === '' || isPlainObject) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
