import type { Seen } from '../../shared/failures/view-keeper.ts';
import type { PartitionResult } from './job.ts';

/** What is declared on the device now, for readers of the failure store. */
export function viewsOf(device: string, results: readonly PartitionResult[]): readonly Seen[] {
  return results.map(({ partition, refused, declared }) => ({
    device,
    partition,
    seen: refused ?? declared,
  }));
}
