/**
 * Validates data with many values. zod collects every issue, and a million wrong values would need
 * a gigabyte of memory; this validates values one by one, stops at the first that does not match,
 * and puts the others together, so that nothing is validated twice.
 */
import { isJsonObject } from '../domain/json-object.ts';
import * as z from 'zod';

/** The issues in the form of zod, for the same messages. */
export type Misfit = Pick<z.ZodError, 'issues'>;
/** The data, or the first value that does not match. */
export type ReadData =
  | { readonly success: true; readonly data: unknown }
  | { readonly success: false; readonly error: Misfit };
type Schema = z.core.$ZodType;
type JsonObject = Readonly<Record<string, unknown>>;
/** A part of a value: its location and its schema. */
type Part = readonly [at: PropertyKey, schema: Schema, value: unknown];
/** A value of parts, and how they make the whole again; undefined if only zod knows. */
interface Whole {
  readonly parts: Iterable<Part>;
  readonly join: ((parts: readonly (readonly [PropertyKey, unknown])[]) => unknown) | undefined;
}

/** Up to so many values zod is quicker than looking at each, and collects few issues. */
const FEW_VALUES = 1_000;

/** As zod reads it, with the issues of one value at most. */
export function readMany(schema: Schema, value: unknown): ReadData {
  if (countUpTo(FEW_VALUES, value) < FEW_VALUES) {
    const read = z.safeParse(schema, value);
    if (read.success) return read;
  }
  const whole = wholeOf(schema, value);
  return whole === undefined ? readWhole(schema, value) : readParts(schema, value, whole);
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
function wholeOf(schema: Schema, value: unknown): Whole | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'array')
    return Array.isArray(value)
      ? inParts(def, elements(def.element, value), (parts) => parts.map(([, element]) => element))
      : undefined;
  if (!isJsonObject(value)) return undefined;
  if (def.type === 'object')
    return inParts(
      def,
      properties(def, value),
      isJoinable(def, value) ? Object.fromEntries : undefined,
    );
  if (def.type !== 'record') return undefined;
  const isAnyText = isPlain(def.keyType, 'string') && !('format' in def.keyType._zod.def);
  return inParts(
    def,
    entries(def.valueType, value),
    isAnyText && !Object.hasOwn(value, '__proto__') ? Object.fromEntries : undefined,
  );
}

/**
 * Only zod knows what becomes of an absent field that is neither optional nor has a default, such as
 * `unknown`, which may be undefined but must be there.
 */
function isJoinable({ shape }: z.core.$ZodObjectDef, value: JsonObject): boolean {
  const isComplete = Object.entries(shape).every(
    ([key, schema]) =>
      Object.hasOwn(value, key) || isOmitted(schema) || schema._zod.optin === 'defaulted',
  );
  return isComplete && !Object.hasOwn(value, '__proto__');
}

/** Absent, such a field stays absent. */
function isOmitted({ _zod: { optin, optout } }: Schema): boolean {
  return optin === 'optional' && optout === 'optional';
}

/** Rules about a value as a whole are left to zod. */
function inParts(
  { checks = [] }: z.core.$ZodTypeDef,
  parts: Whole['parts'],
  join: Whole['join'],
): Whole {
  return { parts, join: checks.length === 0 ? join : undefined };
}

function isPlain(schema: Schema, type: z.core.$ZodTypeDef['type']): boolean {
  const { def } = schema._zod;
  return def.type === type && (def.checks ?? []).length === 0;
}

function* elements(schema: Schema, value: readonly unknown[]): Generator<Part> {
  for (const [i, element] of value.entries()) yield [i, schema, element];
}

function* entries(schema: Schema, value: JsonObject): Generator<Part> {
  for (const key of Object.keys(value)) yield [key, schema, value[key]];
}

/**
 * In the order of zod. An absent optional field matches even if `undefined` would not, and an absent
 * field with a default is read as that. Unknown fields are an error in strict schemas and ignored
 * otherwise.
 */
function* properties(
  { shape, catchall }: z.core.$ZodObjectDef,
  value: JsonObject,
): Generator<Part> {
  for (const [key, schema] of Object.entries(shape))
    if (Object.hasOwn(value, key) || !isOmitted(schema)) yield [key, schema, value[key]];
  if (catchall === undefined) return;
  for (const key of Object.keys(value))
    if (!Object.hasOwn(shape, key)) yield [key, catchall, value[key]];
}

/** The first part that does not fit, with its path. */
function readParts(schema: Schema, value: unknown, { parts, join }: Whole): ReadData {
  const read: (readonly [PropertyKey, unknown])[] = [];
  for (const [at, inner, part] of parts) {
    const one = readMany(inner, part);
    if (!one.success) {
      const issues = one.error.issues.map((issue) => ({ ...issue, path: [at, ...issue.path] }));
      return { success: false, error: { issues } };
    }
    read.push([at, one.data]);
  }
  return join === undefined ? z.safeParse(schema, value) : { success: true, data: join(read) };
}

/** Wrappers that leave a value as their content reads it. */
const TRANSPARENT: readonly string[] = ['optional', 'nullable', 'default'];

/**
 * Reads a value whose parts need not be walked one by one: unions by their options, wrappers by
 * what they contain.
 */
function readWhole(schema: Schema, value: unknown): ReadData {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const misfit =
    def.type === 'union'
      ? inUnion(def.options, value)
      : 'innerType' in def
        ? readMany(def.innerType, value)
        : undefined;
  if (misfit?.success === false) return misfit;
  const isRead = misfit !== undefined && TRANSPARENT.some((type) => isPlain(schema, type as never));
  return isRead ? misfit : z.safeParse(schema, value);
}

/** If no option matches, the issue of the first option is reported. */
function inUnion(options: readonly Schema[], value: unknown): ReadData | undefined {
  const read = options.map((option) => readMany(option, value));
  return read.find(({ success }) => success) ?? read[0];
}
