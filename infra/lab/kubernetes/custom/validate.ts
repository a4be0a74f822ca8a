/** Validates an object with ajv and reports the API server's messages. */
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { isFields } from '../fields.ts';
import type { Cause, Fields, KubernetesObject } from '../types.ts';
import { duplicates } from './duplicates.ts';
import { type Definition, definitionOf } from './schema.ts';
import { causeOf, nowhere } from './sentences.ts';

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  jsonPointers: true,
  nullable: true,
  unknownFormats: 'ignore',
  logger: false,
});

/** OpenAPI expresses "integer or string" with a separate keyword. */
function forAjv(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(forAjv);
  if (!isFields(schema)) return schema;
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, forAjv(value)]),
  );
  return schema['x-kubernetes-int-or-string'] === true
    ? { ...inner, type: ['integer', 'string'] }
    : inner;
}

const compiled = new Map<string, ValidateFunction>();

/** Cached, because compiling takes longer than thousands of validations. */
function validatorOf(storage: string, { schema }: Definition): ValidateFunction {
  const validate = compiled.get(storage) ?? ajv.compile(forAjv(schema) as object);
  compiled.set(storage, validate);
  return validate;
}

/** Errors inside an alternative are reported with the alternative, if at all. */
const insideAlternative = /(?<!\/properties)\/(oneOf|anyOf|not)\//;

function causesAt(validate: ValidateFunction, value: unknown, at: string): readonly Cause[] {
  if (validate(value) === true) return [];
  const errors = [...(validate.errors ?? [])].filter(
    ({ schemaPath }) => !insideAlternative.test(schemaPath),
  );
  return errors.flatMap((error) => {
    const path = joined(at, placeOf(error.dataPath, value));
    return alternatives[error.keyword]?.(error, path) ?? [causeOf(error, path)];
  });
}

function joined(at: string, place: string): string {
  if (at === '' || place === '' || place.startsWith('[')) return `${at}${place}`;
  return `${at}.${place}`;
}

/** Converts a JSON pointer to `spec.servers[0].port`. */
function placeOf(pointer: string, value: unknown): string {
  let here = value;
  let place = '';
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    place = Array.isArray(here) ? `${place}[${key}]` : joined(place, key);
    here = (here as Fields)[key];
  }
  return place;
}

type Outcomes = readonly (readonly Cause[])[];

function outcomesOf(error: ErrorObject, path: string): Outcomes {
  return (error.schema as readonly object[]).map((schema) =>
    causesAt(ajv.compile(schema), error.data, path),
  );
}

/** For these the API server names no field, and adds the error of the first alternative. */
const alternatives: Readonly<
  Record<string, (error: ErrorObject, path: string) => readonly Cause[]>
> = {
  oneOf: (error, path) => {
    const outcomes = outcomesOf(error, path);
    const valid = outcomes.filter((causes) => causes.length === 0).length;
    const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
    return [
      nowhere(`"${path}" must validate one and only one schema (oneOf). ${found}`),
      ...(outcomes[0] ?? []),
    ];
  },
  anyOf: (error, path) => [
    nowhere(`"${path}" must validate at least one schema (anyOf)`),
    ...(outcomesOf(error, path)[0] ?? []),
  ],
  not: (_, path) => [nowhere(`"${path}" must not validate the schema (not)`)],
};

const blocking = [
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
];

/** The API server evaluates CEL rules only for objects with a valid structure, and says so. */
const unchecked: Cause = {
  reason: 'FieldValueInvalid',
  message:
    'Invalid value: "null": some validation rules were not checked because the object ' +
    'was invalid; correct the existing errors to complete validation',
  field: '<nil>',
};

/** CEL rules are not evaluated, so objects that violate only these are accepted. */
export function validateCustom(storage: string, object: KubernetesObject): readonly Cause[] {
  const definition = definitionOf(storage);
  if (!definition) return [];
  const causes = [
    ...causesAt(validatorOf(storage, definition), object, ''),
    ...duplicates(object, definition.schema, ''),
  ];
  return definition.rules && causes.some(({ reason }) => blocking.includes(reason))
    ? [...causes, unchecked]
    : causes;
}
