/** Fences that are not declared yet, as the plan and apply pass them on. */
import type { OwnerKey } from '../snapshot/snapshot.ts';
import type { Version } from '../revision.ts';

/** A version that was planned without changes, and is not declared. */
export interface DeferredFence {
  readonly clusterUid: string;
  readonly version: Version;
  /** The declared version of the owner at that time. */
  readonly above: Version;
  /** Time at which it arrived, by apply's clock. */
  readonly seen: string;
  /**
   * Members drain in it that do not in the declaration; their nodes are out. It is not stored with
   * other declares, because those have the members as they were.
   */
  readonly draining?: true;
}

/** The newest of each owner in one partition. */
export type DeferredFences = ReadonlyMap<OwnerKey, DeferredFence>;
