/** Checks a template against the schemas that CloudFormation publishes for its resources. */
import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import type { PropertyType, SpecDatabase } from '@aws-cdk/service-spec-types';
import type { CompiledTemplate } from '../../infra/aws/rules.ts';

type Tree = Readonly<Record<string, unknown>>;
type Properties = Readonly<
  Record<string, { readonly type: PropertyType; readonly required?: boolean }>
>;

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `Ref`, `Fn::Sub` and their like: CloudFormation knows the value only while it deploys. */
const isIntrinsic = (value: unknown): boolean =>
  isTree(value) &&
  Object.keys(value).length === 1 &&
  /^(Ref|Condition|Fn::\w+)$/.test(Object.keys(value)[0] ?? '');

const PRIMITIVES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  'date-time': (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
};

/** A value with its type and its path in the template. */
interface Typed<T extends PropertyType = PropertyType> {
  readonly db: SpecDatabase;
  readonly type: T;
  readonly value: unknown;
  readonly path: string;
}
type Kind = PropertyType['type'];
type Check<K extends Kind> = (
  typed: Typed<Extract<PropertyType, { readonly type: K }>>,
) => readonly string[];

function primitive({ type, value, path }: Typed): readonly string[] {
  if (PRIMITIVES[type.type]?.(value) !== true)
    return [`${path} must be ${type.type}, not ${JSON.stringify(value)}`];
  const allowed = 'allowedValues' in type ? (type.allowedValues as readonly unknown[]) : undefined;
  return allowed === undefined || allowed.includes(value)
    ? []
    : [`${path} is ${String(value)}, which is none of ${allowed.join(', ')}`];
}

const COMPOSED: {
  readonly [K in 'array' | 'map' | 'ref' | 'union' | 'tag' | 'json']: Check<K>;
} = {
  array: ({ db, type, value, path }) =>
    Array.isArray(value)
      ? value.flatMap((one: unknown, i) =>
          typeProblems({ db, type: type.element, value: one, path: `${path}[${i}]` }),
        )
      : [`${path} must be a list`],
  map: ({ db, type, value, path }) =>
    isTree(value)
      ? Object.entries(value).flatMap(([key, one]) =>
          typeProblems({ db, type: type.element, value: one, path: `${path}.${key}` }),
        )
      : [`${path} must be a map`],
  ref: ({ db, type, value, path }) =>
    propertyProblems(db, db.get('typeDefinition', type.reference).properties, value, path),
  union: ({ type, ...rest }) => {
    const all = type.types.map((one) => typeProblems({ ...rest, type: one }));
    return all.some((problems) => problems.length === 0) ? [] : (all[0] ?? []);
  },
  tag: ({ value, path }) =>
    isTree(value) && 'Key' in value && 'Value' in value ? [] : [`${path} must be a tag`],
  json: () => [],
};

/** One problem for each value that does not fit its type, with its path. */
function typeProblems(typed: Typed): readonly string[] {
  const { type, value, path } = typed;
  if (isIntrinsic(value)) return [];
  if (type.type in PRIMITIVES) return primitive(typed);
  const check = (
    COMPOSED as Readonly<Record<string, ((one: Typed) => readonly string[]) | undefined>>
  )[type.type];
  return check?.(typed) ?? [`${path} has a type that this check does not know: ${type.type}`];
}

function propertyProblems(
  db: SpecDatabase,
  properties: Properties,
  value: unknown,
  path: string,
): readonly string[] {
  if (!isTree(value)) return [`${path} must be an object`];
  const missing = Object.entries(properties)
    .filter(([name, { required }]) => required === true && !(name in value))
    .map(([name]) => `${path}.${name} is required`);
  const wrong = Object.entries(value).flatMap(([name, one]) => {
    const property = properties[name];
    return property === undefined
      ? [`${path}.${name} does not exist`]
      : typeProblems({ db, type: property.type, value: one, path: `${path}.${name}` });
  });
  return [...missing, ...wrong];
}

/** All problems of all resources; empty for a template that CloudFormation would accept. */
export async function schemaProblems({ Resources }: CompiledTemplate): Promise<readonly string[]> {
  const db = await loadAwsServiceSpec();
  return Object.entries(Resources).flatMap(([id, { Type, Properties }]) => {
    const [resource] = db.lookup('resource', 'cloudFormationType', 'equals', Type);
    return resource === undefined
      ? [`${id} has an unknown type ${Type}`]
      : propertyProblems(db, resource.properties, Properties ?? {}, id);
  });
}
