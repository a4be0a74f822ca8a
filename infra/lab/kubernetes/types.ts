/** The types of the lab's API server. */
export type Fields = Record<string, unknown>;

/** As stored in `metadata.managedFields`. */
export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly time?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: Fields;
  readonly subresource?: string;
}

/** Metadata as the server writes it. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
  [key: string]: unknown;
}

/** Any object. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [key: string]: unknown;
}

/** As in a watch. */
export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** A change as components of the lab see it. */
export interface StoreEvent {
  readonly type: EventType;
  readonly object: KubernetesObject;
}

/** The store for components of the lab. */
export interface ObjectStore {
  /**
   * Creates or replaces an object as a component of the cluster would, by the rules of the API
   * (defaults, allocation, generation). Writes `status` if it is given and keeps it otherwise.
   * Identical content changes nothing.
   */
  apply(object: KubernetesObject): KubernetesObject;
  get(
    apiVersion: string,
    kind: string,
    namespace: string | undefined,
    name: string,
  ): KubernetesObject | undefined;
  list(apiVersion: string, kind: string, namespace?: string): readonly KubernetesObject[];
  delete(apiVersion: string, kind: string, namespace: string | undefined, name: string): void;
  subscribe(listener: (event: StoreEvent) => void): () => void;
}

/** One violation, in the words of the API server. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}
