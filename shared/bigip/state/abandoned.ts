/** Finds partitions that Sluice declared but the configuration does not name. */
import type { AbandonedPartition } from '../../device/device.ts';
import type { AddressHolder } from '../../domain/plan/foreign.ts';
import { isNamedByUs } from '../as3/names.ts';
import type { PartitionReader } from './partition.ts';

/**
 * Reads only partitions with a virtual server named like ours, so that partitions of other tools
 * cost nothing. Unreadable ones are skipped.
 */
export async function findAbandoned(
  foreign: readonly AddressHolder[],
  read: PartitionReader,
): Promise<readonly AbandonedPartition[]> {
  const named = new Set(
    foreign.filter(({ path }) => isNamedByUs(path)).map(({ partition }) => partition),
  );
  const found: AbandonedPartition[] = [];
  for (const partition of named) {
    const { reading } = await read(partition);
    if (reading.kind === 'ours') found.push({ partition, state: reading.declared.state });
  }
  return found;
}
