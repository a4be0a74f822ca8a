/** Lists that are sets or maps contain each value or key once. */
import { equal, isFields } from '../fields.ts';
import type { Cause } from '../types.ts';
import { type Structural, schemaAt } from './schema.ts';

/** One cause for each repeated item; `at`: the path of the value, for messages. */
export function duplicates(value: unknown, schema: Structural, at: string): readonly Cause[] {
  if (Array.isArray(value)) {
    const inner = value.flatMap((item, index) =>
      duplicates(item, schema.items ?? {}, `${at}[${index}]`),
    );
    return [...repeated(value, schema, at), ...inner];
  }
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const part = schemaAt(schema, key);
    return part ? duplicates(inner, part, at === '' ? key : `${at}.${key}`) : [];
  });
}

function repeated(items: readonly unknown[], schema: Structural, at: string): readonly Cause[] {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const identity = (item: unknown): unknown =>
    isFields(item) && keys.length > 0
      ? Object.fromEntries(keys.filter((key) => key in item).map((key) => [key, item[key]]))
      : item;
  if (!['map', 'set'].includes(schema['x-kubernetes-list-type'] ?? '')) return [];
  const seen: unknown[] = [];
  return items.map(identity).flatMap((one, index) => {
    const again = seen.some((other) => equal(other, one));
    seen.push(one);
    return again
      ? [
          {
            reason: 'FieldValueDuplicate',
            message: `Duplicate value: ${JSON.stringify(one)}`,
            field: `${at}[${index}]`,
          },
        ]
      : [];
  });
}
