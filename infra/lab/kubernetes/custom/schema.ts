/**
 * Structural schemas of custom resources from their CustomResourceDefinitions;
 * `infra/lab/crd-schemas.ts` generates the data.
 */
import { readFileSync } from 'node:fs';

/**
 * The parts of a structural schema that the lab's own code reads; ajv validates the whole schema.
 */
export interface Structural {
  readonly properties?: Readonly<Record<string, Structural>>;
  readonly additionalProperties?: Structural | boolean;
  readonly items?: Structural;
  readonly default?: unknown;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

/** The schema of one kind, without its descriptions (decision 31). */
export interface Definition {
  /** The published schema has CEL rules, which the lab does not evaluate. */
  readonly rules: boolean;
  readonly schema: Structural;
}

/** Written by `infra/lab/crd-schemas.ts`; do not edit. */
export const schemaFile = new URL('../resources/crd-schemas.json', import.meta.url);

let definitions: ReadonlyMap<string, Definition> | undefined;

/** By `plural.group`; a kind without a definition is stored unchanged. */
export function definitionOf(storage: string): Definition | undefined {
  definitions ??= new Map(
    Object.entries(JSON.parse(readFileSync(schemaFile, 'utf8')) as Record<string, Definition>),
  );
  return definitions.get(storage);
}

/** The schema of a property. */
export function schemaAt(
  { properties = {}, additionalProperties }: Structural,
  key: string,
): Structural | undefined {
  if (Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}
