/**
 * Converts ajv errors to the API server's messages (kube-openapi's validation with causes by
 * apiextensions).
 */
import type { ErrorObject } from 'ajv';
import { isFields } from '../fields.ts';
import type { Cause, Fields } from '../types.ts';

/** A wrong value: the message contains the value, and then the path again. */
function wrong(field: string, value: unknown, sentence: string): Cause {
  return {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${shown(value)}: ${field} in body ${sentence}`,
    field,
  };
}

function shown(value: unknown): string {
  return value === null ? '"null"' : JSON.stringify(value);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isFields(value)) return 'object';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function mistyped(field: string, value: string, type: string): Cause {
  return {
    reason: 'FieldValueTypeInvalid',
    message:
      `Invalid value: ${JSON.stringify(value)}: ${field} in body must be of type ` +
      `${type}: ${JSON.stringify(value)}`,
    field,
  };
}

function tooMany(field: string, found: number, limit: number): Cause {
  return {
    reason: 'FieldValueTooMany',
    message: `Too many: ${found}: must have at most ${limit} items`,
    field,
  };
}

/** For errors in which the API server names no field. */
export function nowhere(sentence: string): Cause {
  return { reason: 'FieldValueInvalid', message: `Invalid value: "": ${sentence}`, field: '<nil>' };
}

interface Finding {
  readonly field: string;
  readonly value: unknown;
  readonly params: Fields;
  /** The limit of the violated rule, for instance the maximum length. */
  readonly limit: number;
}

function sizeOf(value: unknown): number {
  return Array.isArray(value) ? value.length : isFields(value) ? Object.keys(value).length : 0;
}

const sentences: Readonly<Record<string, (finding: Finding) => Cause>> = {
  type: ({ field, value, params }) =>
    mistyped(field, typeOf(value), String(params['type']).replace(/,null$/, '')),
  format: ({ field, value, params }) => mistyped(field, String(value), String(params['format'])),
  required: ({ field, params }) => ({
    reason: 'FieldValueRequired',
    message: 'Required value',
    field: `${field}${field === '' ? '' : '.'}${String(params['missingProperty'])}`,
  }),
  enum: ({ field, value, params }) => {
    const values = (params['allowedValues'] as readonly unknown[]).map((one) =>
      JSON.stringify(typeof one === 'string' ? one : JSON.stringify(one)),
    );
    return {
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: ${shown(value)}: supported values: ${values.join(', ')}`,
      field,
    };
  },
  maximum: ({ field, value, limit }) =>
    wrong(field, value, `should be less than or equal to ${limit}`),
  minimum: ({ field, value, limit }) =>
    wrong(field, value, `should be greater than or equal to ${limit}`),
  exclusiveMaximum: ({ field, value, limit }) =>
    wrong(field, value, `should be less than ${limit}`),
  exclusiveMinimum: ({ field, value, limit }) =>
    wrong(field, value, `should be greater than ${limit}`),
  multipleOf: ({ field, value, params }) =>
    wrong(field, value, `should be a multiple of ${String(params['multipleOf'])}`),
  minLength: ({ field, value, limit }) =>
    wrong(field, value, `should be at least ${limit} chars long`),
  maxLength: ({ field, limit }) => ({
    reason: 'FieldValueTooLong',
    message: `Too long: may not be more than ${limit} ${limit === 1 ? 'byte' : 'bytes'}`,
    field,
  }),
  pattern: ({ field, value, params }) =>
    wrong(field, value, `should match '${String(params['pattern'])}'`),
  minItems: ({ field, value, limit }) =>
    wrong(field, sizeOf(value), `should have at least ${limit} items`),
  maxItems: ({ field, value, limit }) => tooMany(field, sizeOf(value), limit),
  minProperties: ({ field, value, limit }) =>
    wrong(field, sizeOf(value), `should have at least ${limit} properties`),
  maxProperties: ({ field, value, limit }) => tooMany(field, sizeOf(value), limit),
};

/** One error of ajv as a cause. `field`: the path of the value. */
export function causeOf(error: ErrorObject, field: string): Cause {
  const params = error.params as Fields;
  const tell = sentences[error.keyword];
  return (
    tell?.({ field, value: error.data, params, limit: Number(params['limit']) }) ??
    wrong(field, error.data, error.message ?? error.keyword)
  );
}
