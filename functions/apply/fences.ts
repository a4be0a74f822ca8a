/** Fences that wait for the next declare, in the memory of one process (decision 62). */
import type { DeferredFences } from '../../shared/domain/plan/deferred-fence.ts';
import { stillDeferred } from '../../shared/domain/plan/deferred-fences.ts';
import { parseOwner } from '../../shared/domain/snapshot/snapshot.ts';
import type { PartitionResult } from './job.ts';

/** By partition. */
export type FencesByPartition = ReadonlyMap<string, DeferredFences>;

/**
 * The fences that wait, as far as this process knows. They are declared with the next declare of
 * their partition; if the process ends before, the next event of each owner counts as the first.
 */
export interface FenceKeeper {
  of(device: string): FencesByPartition;
  /** Call with the results of every partition of the device. */
  note(device: string, results: readonly PartitionResult[]): void;
}

/** At most one fence for each owner and partition is kept. */
export function createFenceKeeper(): FenceKeeper {
  const kept = new Map<string, Map<string, DeferredFences>>();
  const of = (device: string): Map<string, DeferredFences> => {
    const known = kept.get(device) ?? new Map<string, DeferredFences>();
    kept.set(device, known);
    return known;
  };
  return {
    of,
    note: (device, results) => {
      const known = of(device);
      for (const { partition, refused, declared, deferred = new Map() } of results)
        if (refused === undefined) {
          const plain = [...deferred].filter(([, { draining }]) => draining !== true);
          const all = new Map([...(known.get(partition) ?? []), ...plain]);
          known.set(partition, stillDeferred(declared, all));
        }
    },
  };
}

/** Clusters with a fence that waits because of these results. */
export function clustersWaiting(results: readonly PartitionResult[]): readonly string[] {
  const owners = results.flatMap(({ deferred }) => [...(deferred?.keys() ?? [])]);
  return [...new Set(owners.map((owner) => parseOwner(owner).cluster))];
}
