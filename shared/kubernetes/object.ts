/** A raw Kubernetes object. Only `shared/kubernetes/objects` reads its content. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly ManagedFields[];
  readonly [field: string]: unknown;
}

/** One entry of `metadata.managedFields`: the fields that a manager owns. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  /** Time of the manager's last change of one of its fields. */
  readonly time?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** Any object of the API. */
export interface RawObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** The API of a kind. `group` is empty for the core API. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** `namespace/name`, or only the name for cluster-scoped objects. */
export function objectKey(meta: {
  readonly namespace?: string | undefined;
  readonly name: string;
}): string {
  return meta.namespace ? `${meta.namespace}/${meta.name}` : meta.name;
}

/** `v1` for the core group, otherwise `group/version`. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** Path of a collection, an object, or a subresource. */
export function resourcePath(
  resource: Resource,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const root =
    resource.group === ''
      ? `/api/${resource.version}`
      : `/apis/${resource.group}/${resource.version}`;
  const scope =
    resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const leaf = [name, subresource]
    .filter((part) => part !== undefined)
    .map((part) => `/${encodeURIComponent(part)}`);
  return `${root}${scope}/${resource.plural}${leaf.join('')}`;
}

/** A resource of the core group that is read or written one by one, beside the watched kinds. */
function coreResource(kind: string, plural: string): Resource {
  return { group: '', version: 'v1', plural, kind, namespaced: true };
}

/** Ingress gateway Services, whose ports and status are written. */
export const SERVICES = coreResource('Service', 'services');
/** Pods, which are read in other namespaces for Gateways that select none here. */
export const PODS = coreResource('Pod', 'pods');
/** Events, which are written on Gateways, Services and ConfigMaps. */
export const EVENTS = coreResource('Event', 'events');
/** ConfigMaps outside of the namespaces of ingresses, such as that of the mesh. */
export const CONFIG_MAPS = coreResource('ConfigMap', 'configmaps');
/** Nodes as they are, for what the watcher does not keep. */
export const NODES: Resource = { ...coreResource('Node', 'nodes'), namespaced: false };

/**
 * The time at which the API server wrote an object, in milliseconds since 1970 and whole seconds;
 * undefined if nothing was written or no time was recorded. A manager's time changes with each
 * value it changes, so the latest is that of this write
 * (https://kubernetes.io/docs/reference/using-api/server-side-apply/#time).
 */
export function timeOfWrite(sent: RawObject, answered: RawObject): number | undefined {
  const { metadata: before } = sent;
  const { metadata: after } = answered;
  if (before.resourceVersion === after.resourceVersion) return undefined;
  const noted = [
    ...(before.resourceVersion === undefined ? [after.creationTimestamp] : []),
    ...(after.managedFields ?? []).map(({ time }) => time),
  ];
  const times = noted.map((text) => Date.parse(text ?? '')).filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : Math.max(...times);
}
