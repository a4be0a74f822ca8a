import type { RawObject } from './raw.ts';

export interface StoreEvent {
  readonly type: string;
  readonly object: RawObject;
}

/** What the cluster needs of the lab's Kubernetes API: a part of its `ObjectStore`. The namespaces are there already. */
export interface ClusterStore {
  /** Creates the object or replaces it, status included. */
  apply(object: RawObject): unknown;
  delete(apiVersion: string, kind: string, namespace: string | undefined, name: string): void;
  /** Tells of every change after now. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
}
