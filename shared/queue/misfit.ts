/**
 * Finds the first value that does not match a schema. zod collects every issue, and a million wrong
 * values would need a gigabyte of memory; this checks values one by one and stops. If it finds
 * nothing, zod validates the whole data with few issues at most.
 */
import { isJsonObject } from '../domain/json-object.ts';
import * as z from 'zod';

/** The issues in the form of zod, for the same messages. */
export type Misfit = Pick<z.ZodError, 'issues'>;
type Schema = z.core.$ZodType;
/** A part of a value: its location and its schema. */
type Part = readonly [at: PropertyKey, schema: Schema, value: unknown];

/** Undefined if nothing was found; zod then validates the whole data. */
export function firstMisfit(schema: Schema, value: unknown): Misfit | undefined {
  const parts = partsOf(schema, value);
  return parts === undefined ? inWhole(schema, value) : firstOf(parts);
}

/** Undefined if the value has no parts or is of the wrong kind. */
function partsOf(schema: Schema, value: unknown): Iterable<Part> | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'array') return Array.isArray(value) ? elements(def.element, value) : undefined;
  if (!isJsonObject(value)) return undefined;
  if (def.type === 'object') return properties(def, value);
  return def.type === 'record' ? entries(def.valueType, value) : undefined;
}

function* elements(schema: Schema, value: readonly unknown[]): Generator<Part> {
  for (const [i, element] of value.entries()) yield [i, schema, element];
}

function* entries(schema: Schema, value: Readonly<Record<string, unknown>>): Generator<Part> {
  for (const key of Object.keys(value)) yield [key, schema, value[key]];
}

/**
 * An absent optional field matches even if `undefined` would not. Unknown fields are an error in
 * strict schemas and ignored otherwise.
 */
function* properties(
  { shape, catchall }: z.core.$ZodObjectDef,
  value: Readonly<Record<string, unknown>>,
): Generator<Part> {
  for (const [key, schema] of Object.entries(shape))
    if (Object.hasOwn(value, key) || schema._zod.optin !== 'optional')
      yield [key, schema, value[key]];
  if (catchall === undefined) return;
  for (const key of Object.keys(value))
    if (!Object.hasOwn(shape, key)) yield [key, catchall, value[key]];
}

function firstOf(parts: Iterable<Part>): Misfit | undefined {
  for (const [at, schema, value] of parts) {
    const misfit = firstMisfit(schema, value);
    if (misfit !== undefined)
      return { issues: misfit.issues.map((issue) => ({ ...issue, path: [at, ...issue.path] })) };
  }
  return undefined;
}

function inWhole(schema: Schema, value: unknown): Misfit | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'union') return inUnion(def.options, value);
  if ('innerType' in def && value !== undefined && value !== null)
    return firstMisfit(def.innerType, value);
  const read = z.safeParse(schema, value);
  return read.success ? undefined : { issues: read.error.issues };
}

/** If no option matches, the issue of the first option is reported. */
function inUnion(options: readonly Schema[], value: unknown): Misfit | undefined {
  const misfits = options.map((option) => firstMisfit(option, value));
  return misfits.includes(undefined) ? undefined : misfits[0];
}
