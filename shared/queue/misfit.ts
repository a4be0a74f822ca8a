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

/** Up to so many values zod is quicker than looking at each, and collects few issues. */
const FEW_VALUES = 1_000;

/** Undefined if nothing was found; zod then validates the whole data. */
export function firstMisfit(schema: Schema, value: unknown): Misfit | undefined {
  const parts = partsOf(schema, value);
  if (parts === undefined) return inWhole(schema, value);
  const isValid = countUpTo(FEW_VALUES, value) < FEW_VALUES && z.safeParse(schema, value).success;
  return isValid ? undefined : firstOf(parts);
}

/** Number of values in a value, at most `most`. */
function countUpTo(most: number, value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const part of Object.values(value)) {
    if (count >= most) break;
    count += countUpTo(most - count, part);
  }
  return Math.min(count, most);
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

/** The first part that does not fit, with its path. */
function firstOf(parts: Iterable<Part>): Misfit | undefined {
  for (const [at, schema, value] of parts) {
    const misfit = firstMisfit(schema, value);
    if (misfit !== undefined)
      return { issues: misfit.issues.map((issue) => ({ ...issue, path: [at, ...issue.path] })) };
  }
  return undefined;
}

/**
 * Checks a value whose parts need not be walked one by one: unions by their options, wrappers by
 * what they contain.
 */
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
