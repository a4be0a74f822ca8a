/**
 * Strategic merge patch, with its directives. Lists merge by ONE key, which for Service ports is
 * the port number alone. Confusing two entries with one number (TCP and UDP) is how Kubernetes
 * behaves (kubernetes/kubernetes issue 39188).
 */
import { badRequest } from '../errors.ts';
import { equal, isFields, listOf } from '../fields.ts';
import type { FieldSchema } from '../resources/resource.ts';
import type { Fields } from '../types.ts';
import { orderedLike } from './order.ts';

const ORDER = '$setElementOrder/';
const DELETE_VALUES = '$deleteFromPrimitiveList/';

/** Returns a new object. */
export function strategicMerge(target: Fields, patch: Fields, schema: FieldSchema): Fields {
  if (patch['$patch'] === 'delete') return {};
  if (patch['$patch'] === 'replace') return plain(patch);
  const result = retained(target, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith('$')) assign(result, key, { value, schema: schema.fields?.[key] ?? {} });
  }
  for (const [key, value] of Object.entries(patch)) listDirective(result, key, { value, schema });
  return result;
}

interface Incoming {
  readonly value: unknown;
  readonly schema: FieldSchema;
}

function assign(result: Fields, key: string, { value, schema }: Incoming): void {
  const current = result[key];
  if (value === null) delete result[key];
  else if (isFields(value)) {
    // The directives to delete or replace a whole map are inside the map.
    if (value['$patch'] === 'delete') delete result[key];
    else result[key] = strategicMerge(isFields(current) ? current : {}, value, schema);
  } else if (Array.isArray(value) && schema.mergeKey)
    result[key] = mergeList(listOf(current), value, schema);
  else if (Array.isArray(value) && schema.list === 'set')
    result[key] = union(listOf(current), value);
  else result[key] = value;
}

function plain(patch: Fields): Fields {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith('$')));
}

/** `$retainKeys` lists the only keys that may stay, for unions such as a Deployment's strategy. */
function retained(target: Fields, patch: Fields): Fields {
  const keep = patch['$retainKeys'];
  if (!Array.isArray(keep)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([key]) => keep.includes(key)));
}

function union(current: readonly unknown[], added: readonly unknown[]): readonly unknown[] {
  return [...current, ...added.filter((value) => !current.some((one) => equal(one, value)))];
}

function mergeList(
  current: readonly unknown[],
  patch: readonly unknown[],
  schema: FieldSchema,
): unknown[] {
  const mergeKey = schema.mergeKey ?? 'name';
  const items = patch.filter(isFields);
  const replacing = items.some((item) => item['$patch'] === 'replace' && !(mergeKey in item));
  const result: unknown[] = replacing ? [] : [...current];
  for (const item of items) {
    if (item['$patch'] === 'replace' && !(mergeKey in item)) continue;
    if (item[mergeKey] === undefined)
      throw badRequest(
        `map: ${JSON.stringify(item)} does not contain declared merge key: ${mergeKey}`,
      );
    mergeItem(result, item, { mergeKey, schema: schema.items ?? {} });
  }
  return result;
}

function mergeItem(
  result: unknown[],
  item: Fields,
  how: { readonly mergeKey: string; readonly schema: FieldSchema },
): void {
  const index = result.findIndex(
    (one) => isFields(one) && equal(one[how.mergeKey], item[how.mergeKey]),
  );
  if (item['$patch'] === 'delete') {
    if (index >= 0) result.splice(index, 1);
    return;
  }
  const merged = strategicMerge(index >= 0 ? (result[index] as Fields) : {}, item, how.schema);
  if (index >= 0) result[index] = merged;
  else result.push(merged);
}

function listDirective(result: Fields, key: string, { value, schema }: Incoming): void {
  if (key.startsWith(DELETE_VALUES)) {
    const field = key.slice(DELETE_VALUES.length);
    result[field] = listOf(result[field]).filter(
      (one) => !listOf(value).some((gone) => equal(gone, one)),
    );
  }
  if (key.startsWith(ORDER)) {
    const field = key.slice(ORDER.length);
    const current = result[field];
    if (Array.isArray(current))
      result[field] = orderedLike(current, listOf(value), schema.fields?.[field]?.mergeKey);
  }
}
