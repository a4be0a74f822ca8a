import type { RawObject } from './raw.ts';

/** `type`: ADDED, MODIFIED or DELETED. */
export interface ObjectEvent {
  readonly type: string;
  readonly object: RawObject;
}

/** The part of the lab's `ObjectStore` that the cluster needs. The namespaces exist already. */
export interface ClusterStore {
  /** Creates the object or replaces it, status included. */
  apply(object: RawObject): unknown;
  delete(apiVersion: string, kind: string, namespace: string | undefined, name: string): void;
  /** Calls the listener for every change from now on. */
  subscribe(listener: (event: ObjectEvent) => void): () => void;
}
