/**
 * What others may import from this folder; how requests, lists and credentials work stays inside.
 */
export { fullJitter } from './backoff.ts';
export {
  createKubernetesClient,
  type Access,
  type ApplyOptions,
  type KubernetesClient,
  type Page,
  type Selection,
  type WatchOptions,
} from './client.ts';
export { hasDefaultKubeconfig, readServer } from './credentials.ts';
export { Fenced, KubernetesError } from './error.ts';
export type { WatchFrame } from './frames.ts';
export {
  apiVersionOf,
  CONFIG_MAPS,
  EVENTS,
  NODES,
  objectKey,
  PODS,
  SERVICES,
  type ManagedFields,
  type RawObject,
  type Resource,
} from './object.ts';
export { ObjectStore, type StreamChange } from './store.ts';
export {
  createStream,
  type Stream,
  type StreamKind,
  type StreamOptions,
  type StreamState,
  type StreamTiming,
} from './stream.ts';
export type { RelistCause, StreamFigures } from './stream-figures.ts';
