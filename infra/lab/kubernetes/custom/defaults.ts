/** Fills in defaults of the schema inside existing values only, as the API server does. */
import { isFields } from '../fields.ts';
import { type Structural, schemaAt } from './schema.ts';

const known = new WeakMap<Structural, boolean>();

/** Cached per schema part; most kinds have no defaults. */
function fills(schema: Structural): boolean {
  const before = known.get(schema);
  if (before !== undefined) return before;
  const { properties = {}, additionalProperties, items } = schema;
  const parts = [
    ...Object.values(properties),
    ...(items ? [items] : []),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ];
  const found = parts.some((part) => part.default !== undefined || fills(part));
  known.set(schema, found);
  return found;
}

/** Returns the same value if the schema has no defaults. */
export function withSchemaDefaults<T>(value: T, schema: Structural): T {
  if (!fills(schema)) return value;
  const { items } = schema;
  if (Array.isArray(value))
    return (items ? value.map((item: unknown) => withSchemaDefaults(item, items)) : value) as T;
  if (!isFields(value)) return value;
  const missing = Object.entries(schema.properties ?? {}).filter(
    ([key, part]) => part.default !== undefined && !Object.hasOwn(value, key),
  );
  const whole = {
    ...value,
    ...Object.fromEntries(missing.map(([key, part]) => [key, structuredClone(part.default)])),
  };
  const filled = Object.entries(whole).map(
    ([key, inner]) => [key, withSchemaDefaults(inner, schemaAt(schema, key) ?? {})] as const,
  );
  return Object.fromEntries(filled) as T;
}
