/** The shape that `kubectl` asks of every object: a kind, and metadata of text. */

/** The type fields of an object as parsed, before they are checked. */
export interface KindedObject {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
}

/** An object that may be a List. */
export interface Listed extends KindedObject {
  readonly items?: unknown;
  readonly metadata?: { readonly namespace?: unknown } | null;
}

/** An object and where it is in its document, for messages. */
export interface ContainedObject {
  readonly object: unknown;
  /** In its document. */
  readonly path: readonly (string | number)[];
}

/**
 * A List contains objects, which have the kind of the List if they name neither kind nor version.
 */
export function flatten(
  value: unknown,
  inherited: KindedObject = {},
  path: readonly (string | number)[] = [],
): readonly ContainedObject[] {
  if (!isMap(value)) return [{ object: value, path }];
  const object = inherit(value, inherited);
  const { items, apiVersion, kind } = object;
  const list = typeof kind === 'string' && kind.endsWith('List') && 'items' in object;
  if (!list || (items !== null && !Array.isArray(items))) return [{ object, path }];
  const each = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return ((items ?? []) as readonly unknown[]).flatMap((item, i) =>
    flatten(item, each, [...path, 'items', i]),
  );
}

/** Arrays and null are objects in JavaScript, but no maps. */
function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An item that names only one of the two fields inherits neither. */
function inherit(own: Listed, inherited: KindedObject): Listed {
  return own.kind === undefined && own.apiVersion === undefined ? { ...inherited, ...own } : own;
}

/** The first problem of an object. */
export interface ShapeProblem {
  readonly message: string;
  /** Of the field; empty: it is no Kubernetes object at all. */
  readonly path: readonly string[];
}

/** Undefined for an object that `kubectl` would send. */
export function problemOf(object: unknown): ShapeProblem | undefined {
  if (object === null || typeof object !== 'object' || Array.isArray(object))
    return { message: `is ${typeName(object)}, not a Kubernetes object`, path: [] };
  const { apiVersion, kind } = object as KindedObject;
  const missing = [
    typeof apiVersion === 'string' && apiVersion !== '' ? [] : 'apiVersion',
    typeof kind === 'string' && kind !== '' ? [] : 'kind',
  ].flat();
  if (missing.length > 0)
    return {
      message: `is not a Kubernetes object: it has no ${missing.join(' and no ')}`,
      path: [],
    };
  if (String(apiVersion).split('/').length > 2)
    return {
      message: `apiVersion is ${String(apiVersion)}; write it as group/version`,
      path: ['apiVersion'],
    };
  if (kind === 'List' && !Array.isArray((object as Listed).items))
    return { message: 'items of a List must be a list', path: ['items'] };
  return metadataProblem((object as { readonly metadata?: unknown }).metadata);
}

/** Numbers and booleans without quotes are the usual mistake in annotations and labels. */
function metadataProblem(metadata: unknown): ShapeProblem | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  if (!isMap(metadata))
    return { message: `metadata is ${typeName(metadata)}; it must be a map`, path: ['metadata'] };
  return (
    textProblem(metadata['name'], ['metadata', 'name']) ??
    textProblem(metadata['namespace'], ['metadata', 'namespace']) ??
    textsProblem(metadata['labels'], ['metadata', 'labels']) ??
    textsProblem(metadata['annotations'], ['metadata', 'annotations'])
  );
}

/** For maps of text, such as labels; reports the first value that is not text. */
function textsProblem(map: unknown, path: readonly string[]): ShapeProblem | undefined {
  if (map === undefined || map === null) return undefined;
  if (!isMap(map))
    return { message: `${path.join('.')} is ${typeName(map)}; it must be a map`, path };
  for (const [key, value] of Object.entries(map)) {
    const problem = textProblem(value, [...path, key]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Absent and null are allowed. For a number or boolean, the remedy shows the quoted value. */
function textProblem(value: unknown, path: readonly string[]): ShapeProblem | undefined {
  if (value === undefined || value === null || typeof value === 'string') return undefined;
  const field = path.length === 2 ? path.join('.') : `${path.slice(0, 2).join('.')}["${path[2]}"]`;
  const remedy =
    typeof value === 'object'
      ? 'it must be text'
      : `kubectl refuses it; write ${JSON.stringify(JSON.stringify(value))}`;
  return { message: `${field} is ${typeName(value)}; ${remedy}`, path };
}

/** For messages, in the words of YAML. */
function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}

/** Kinds that have no namespace and therefore must not get one. */
const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  'Namespace',
  'Node',
  'GatewayClass',
  'CustomResourceDefinition',
  'ClusterRole',
  'ClusterRoleBinding',
]);

/** Sets the given namespace on objects without one, as kubectl does. */
export function inNamespace(object: Listed, namespace: string): Listed {
  const { kind, metadata } = object;
  const settled =
    typeof metadata !== 'object' ||
    metadata === null ||
    metadata.namespace !== undefined ||
    CLUSTER_KINDS.has(String(kind));
  return settled ? object : { ...object, metadata: { ...metadata, namespace } };
}
