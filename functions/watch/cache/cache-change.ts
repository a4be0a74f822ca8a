/** The change of an object as the cache passes it on. */
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import type { IndexChange } from './cluster-index.ts';
import type { ObservedObject } from './kinds.ts';

/** A change of an object of any kind, typed. */
export interface CacheChange extends IndexChange {
  readonly change: Change;
  readonly observed: ObservedObject;
}
