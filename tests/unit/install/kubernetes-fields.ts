/**
 * Whether objects have the fields of Kubernetes and no others. The client's types are generated from
 * the OpenAPI document of Kubernetes; their declarations say which fields there are, and which are
 * required.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, type Manifest } from './manifests.ts';

const MODELS = join(ROOT, 'node_modules/@kubernetes/client-node/dist/gen/models');

interface Field {
  readonly type: string;
  readonly required: boolean;
}

const known = new Map<string, ReadonlyMap<string, Field>>();

/** The fields of a type such as `V1PodSpec`. */
function fieldsOf(type: string): ReadonlyMap<string, Field> {
  const seen = known.get(type);
  if (seen !== undefined) return seen;
  const text = readFileSync(join(MODELS, `${type}.d.ts`), 'utf8');
  // Words of JavaScript have an underscore in front.
  const found = text.matchAll(/^ {4}'_?([^']+)'(\?)?: ([^]*?);$(?=\n {4}['/s])/gm);
  const fields = new Map(
    [...found].map(([, name = '', optional, declared = '']) => [
      name,
      { type: declared.replaceAll(/\s+/g, ' '), required: optional === undefined },
    ]),
  );
  known.set(type, fields);
  return fields;
}

const SIMPLE: Readonly<Record<string, readonly string[]>> = {
  string: ['string'],
  Date: ['string'],
  number: ['number'],
  boolean: ['boolean'],
  IntOrString: ['string', 'number'],
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function problemsAt(place: string, value: unknown, type: string): readonly string[] {
  if (type === 'any') return [];
  const simple = SIMPLE[type];
  if (simple !== undefined)
    return simple.includes(typeof value)
      ? []
      : [`${place} is no ${type}: ${JSON.stringify(value)}`];
  const [, item] = /^Array<(.+)>$/.exec(type) ?? [];
  if (item !== undefined) {
    if (!Array.isArray(value)) return [`${place} is no list`];
    return value.flatMap((each, i) => problemsAt(`${place}[${i}]`, each, item));
  }
  if (!isObject(value)) return [`${place} is no object`];
  const [, entry] = /^\{ \[key: string\]: (.+); \}$/.exec(type) ?? [];
  if (entry !== undefined)
    return Object.entries(value).flatMap(([key, each]) =>
      problemsAt(`${place}.${key}`, each, entry),
    );
  return problemsOfFields(place, value, fieldsOf(type));
}

function problemsOfFields(
  place: string,
  value: Readonly<Record<string, unknown>>,
  fields: ReadonlyMap<string, Field>,
): readonly string[] {
  const missing = [...fields]
    .filter(([name, { required }]) => required && value[name] === undefined)
    .map(([name]) => `${place}.${name} is missing`);
  const wrong = Object.entries(value).flatMap(([name, each]) => {
    const field = fields.get(name);
    return field === undefined
      ? [`${place}.${name} does not exist`]
      : problemsAt(`${place}.${name}`, each, field.type);
  });
  return [...missing, ...wrong];
}

/** What the API server would refuse or ignore; nothing for kinds of the Prometheus operator. */
export function fieldProblems(object: Manifest): readonly string[] {
  if (object.apiVersion.startsWith('monitoring.coreos.com/')) return [];
  return problemsAt(`${object.kind} ${object.metadata.name}`, object, `V1${object.kind}`);
}
