import type { RawObject } from './raw.ts';

export interface StoreEvent {
  readonly type: string;
  readonly object: RawObject;
}

/** What the cluster needs of the lab's Kubernetes API. */
export interface ClusterStore {
  /** Creates the object or replaces it, status included. */
  apply(object: RawObject): Promise<unknown>;
  /** Nothing happens when it is not there. */
  delete(object: RawObject): Promise<unknown>;
  /** Tells of every change after now. */
  subscribe(listener: (event: StoreEvent) => void): () => void;
}
