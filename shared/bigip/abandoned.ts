/** Partitions that a Sluice declared and that the configuration does not name. */
import type { DeclaredState } from '../domain/declared/declared.ts';
import { isNamedByUs } from './as3/names.ts';
import type { ForeignAddress } from './foreign.ts';
import type { PartitionReader } from './partition.ts';

export interface AbandonedPartition {
  readonly partition: string;
  readonly state: DeclaredState;
}

/** Only those that have a virtual server called like ours are read, so that the partitions of others cost nothing. What cannot be read says nothing of itself. */
export async function findAbandoned(
  foreign: readonly ForeignAddress[],
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
