/** Reduces published CustomResourceDefinitions to their rules, without descriptions. */
import { parseAllDocuments } from 'yaml';
import { fieldAt, isFields, listOf, textAt } from '../fields.ts';
import { allResources } from '../resources/table.ts';
import type { Fields } from '../types.ts';

/**
 * Descriptions, or CEL, which is not evaluated here; the existence of CEL rules is kept as `rules`.
 */
const left = new Set([
  'description',
  'title',
  'example',
  'externalDocs',
  'x-kubernetes-validations',
]);

/** The API server ignores formats that it cannot check, such as sizes of numbers. */
const checked = new Set([
  'date-time',
  'date',
  'byte',
  'uri',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'cidr',
]);

/** Under these keys are property names, not keywords. */
const chosen = new Set(['properties']);

function compact(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(compact);
  if (!isFields(schema)) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => !left.has(key) && (key !== 'format' || checked.has(String(value))),
  );
  return Object.fromEntries(
    kept.map(([key, value]) => [
      key,
      key === 'default' ? value : chosen.has(key) ? named(value) : compact(value),
    ]),
  );
}

function named(schemas: unknown): unknown {
  return isFields(schemas)
    ? Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, compact(schema)]))
    : schemas;
}

interface Row {
  readonly name: string;
  readonly text: string;
}

/** Every version of a kind gets the schema of the stored one, as in the lab's storage. */
function rowOf(crd: Fields): Row | undefined {
  const name = textAt(crd, 'metadata.name');
  if (
    textAt(crd, 'kind') !== 'CustomResourceDefinition' ||
    !allResources.some((resource) => resource.storage === name)
  )
    return undefined;
  const stored = listOf(fieldAt(crd, 'spec.versions')).find(
    (version) => fieldAt(version, 'storage') === true,
  );
  const schema = fieldAt(stored, 'schema.openAPIV3Schema');
  if (!isFields(schema))
    throw new Error(
      `The definition ${name} has no schema in its stored version; give one of apiextensions.k8s.io/v1.`,
    );
  const rules = JSON.stringify(schema).includes('"x-kubernetes-validations"');
  return { name, text: JSON.stringify({ rules, schema: compact(schema) }) };
}

/** The data file, one line per kind that the lab serves. */
export function compactDefinitions(manifests: readonly string[]): string {
  const documents = manifests
    .flatMap((manifest) => [...parseAllDocuments(manifest)])
    .map((document): unknown => document.toJS());
  const rows = documents.filter(isFields).flatMap((crd) => rowOf(crd) ?? []);
  const lines = rows
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, text }) => `${JSON.stringify(name)}:${text}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}
