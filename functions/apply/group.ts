/** All slices of one device in a batch: the newest of each owner, partition by partition. */
import type { Device } from '../../shared/bigip/device.ts';
import type { Slice } from '../../shared/domain/exposure/exposure.ts';
import type { SameFleet } from '../../shared/domain/plan/claims.ts';
import { compareVersions } from '../../shared/domain/revision.ts';
import type { Clock } from '../../shared/runtime/runtime.ts';
import type { PartitionResult } from './partition.ts';
import { applyPartition } from './partition.ts';

export interface GroupJob {
  readonly device: Device;
  readonly partitions: readonly string[];
  readonly slices: readonly Slice[];
  readonly sameFleet: SameFleet;
  readonly clock: Clock;
  readonly checkTime: () => void;
}

/** One after the other, because the device has one lock for them all. */
export async function applyGroup(job: GroupJob): Promise<readonly PartitionResult[]> {
  const { partitions, ...rest } = job;
  const slices = newestOfEach(job.slices);
  const results: PartitionResult[] = [];
  for (const partition of partitions) results.push(await applyPartition({ ...rest, partition, slices }));
  return results;
}

export function newestOfEach(slices: readonly Slice[]): readonly Slice[] {
  const newest = new Map<string, Slice>();
  for (const slice of slices) {
    const known = newest.get(slice.owner);
    if (!known || compareVersions(slice.version, known.version) >= 0) newest.set(slice.owner, slice);
  }
  return [...newest.values()];
}
