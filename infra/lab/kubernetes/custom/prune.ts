/** Removes fields that the schema does not know, and lists them. */
import { isFields } from '../fields.ts';
import type { KubernetesObject } from '../types.ts';
import { type Definition, type Structural, schemaAt } from './schema.ts';

/** A field, or a list item by index and, in a map list, by its keys. */
export type FieldStep = string | { readonly index: number; readonly keys?: string };

/** The object without unknown fields, and where those were. */
export interface Pruned {
  readonly object: KubernetesObject;
  readonly unknown: readonly (readonly FieldStep[])[];
}

const objectMeta = [
  'annotations',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generateName',
  'generation',
  'labels',
  'managedFields',
  'name',
  'namespace',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
];

const preserved: Structural = { 'x-kubernetes-preserve-unknown-fields': true };
const metadata: Structural = {
  properties: Object.fromEntries(objectMeta.map((name) => [name, preserved])),
};

/** Metadata is never pruned by a schema; its own fields are fixed. */
export function prune({ schema }: Definition, object: KubernetesObject): Pruned {
  const unknown: (readonly FieldStep[])[] = [];
  const root = {
    ...schema,
    properties: { ...schema.properties, apiVersion: preserved, kind: preserved, metadata },
  };
  return { object: pruned(object, root, [], unknown) as KubernetesObject, unknown };
}

function pruned(
  value: unknown,
  schema: Structural,
  at: readonly FieldStep[],
  unknown: (readonly FieldStep[])[],
): unknown {
  const { items } = schema;
  if (Array.isArray(value))
    return items
      ? value.map((item, index) =>
          pruned(item, items, [...at, stepOf(item, index, schema)], unknown),
        )
      : value;
  if (!isFields(value)) return value;
  const open =
    schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
  const kept = Object.entries(value).flatMap(([key, inner]) => {
    const known = schemaAt(schema, key);
    if (known) return [[key, pruned(inner, known, [...at, key], unknown)] as const];
    if (!open) unknown.push([...at, key]);
    return open ? [[key, inner] as const] : [];
  });
  return Object.fromEntries(kept);
}

function stepOf(item: unknown, index: number, schema: Structural): FieldStep {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!keys || !isFields(item)) return { index };
  return {
    index,
    keys: keys
      .filter((key) => key in item)
      .map((key) => `${key}=${JSON.stringify(item[key])}`)
      .join(','),
  };
}

/** `spec.listeners[0].port`, as in decoder messages. */
export function dotted(path: readonly FieldStep[]): string {
  return path
    .map((step) => (typeof step === 'string' ? `.${step}` : `[${step.index}]`))
    .join('')
    .replace(/^\./, '');
}

/** `.spec.listeners[name="http"].port`, as in server-side apply messages. */
export function keyed(path: readonly FieldStep[]): string {
  return path
    .map((step) => (typeof step === 'string' ? `.${step}` : `[${step.keys ?? step.index}]`))
    .join('');
}
