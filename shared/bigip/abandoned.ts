/** Partitions that a Sluice declared and that the configuration does not name. */
import type { OwnerKey } from '../domain/ingress/snapshot.ts';
import { isNamedByUs } from './as3/names.ts';
import type { ForeignAddress } from './foreign.ts';
import type { PartitionReader } from './partition.ts';

export interface AbandonedPartition {
  readonly partition: string;
  /** `address:port/protocol` of its virtual servers. */
  readonly serves: readonly string[];
  /** Whose they are. */
  readonly owners: readonly OwnerKey[];
}

/** Only those that have a virtual server called like ours are read, so that the partitions of others cost nothing. What cannot be read says nothing of itself. */
export async function findAbandoned(foreign: readonly ForeignAddress[], read: PartitionReader): Promise<readonly AbandonedPartition[]> {
  const named = Map.groupBy(foreign.filter(({ path }) => isNamedByUs(path)), ({ partition }) => partition);
  const found: AbandonedPartition[] = [];
  for (const [partition, virtuals] of named) {
    const { reading } = await read(partition);
    if (reading.kind === 'ours') found.push({ partition, serves: virtuals.map(inWords), owners: Object.keys(reading.declared.state.owners) });
  }
  return found;
}

function inWords({ address, port, protocol }: ForeignAddress): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}/${protocol}`;
}
