/** What is declared on the device, as far as paths depend on it. */
import type { PartitionReading } from '../../../shared/device/reading.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { Needed } from '../../../shared/domain/paths/needs.ts';
import type { Wish } from '../../../shared/domain/paths/wishes.ts';
import { judgeFence } from '../../../shared/domain/plan/fence.ts';
import { parseOwner } from '../../../shared/domain/snapshot/snapshot.ts';
import { contributions } from './hold.ts';
import type { PathJob } from './job.ts';

/** The partitions of the device. */
export interface DeclaredSite {
  /** Valid for one use. */
  readonly readings: ReadonlyMap<string, PartitionReading>;
  /** By partition; without those that Sluice cannot read. */
  readonly states: ReadonlyMap<string, DeclaredState>;
}

export async function readDeclared({ device, config }: PathJob): Promise<DeclaredSite> {
  const readings = new Map<string, PartitionReading>();
  for (const partition of config.partitions) readings.set(partition, await device.read(partition));
  const states = [...readings].flatMap(([partition, reading]) =>
    reading.kind === 'ours' ? [[partition, reading.declared.state] as const] : [],
  );
  return { readings, states: new Map(states) };
}

/**
 * Whether the slice is as new as what is declared, and from the cluster that it names. If none of
 * its partitions can be read, nobody knows, and nothing of it is declared.
 */
export function isAdmitted(slice: Slice, states: ReadonlyMap<string, DeclaredState>): boolean {
  const { exposures } = slice;
  const isUnknown = exposures.every(({ partition }) => !states.has(partition));
  if (exposures.length > 0 && isUnknown) return false;
  return [...states.values()].every((state) => {
    const { kind } = judgeFence(state, slice);
    return kind === 'open' || kind === 'unasked';
  });
}

/** What BIG-IP must reach: declared members, and those that slices ask for. */
export function neededBy(states: readonly DeclaredState[], wishes: readonly Wish[]): Needed {
  const all = new Map<string, Set<string>>();
  const add = (owner: string, addresses: readonly string[]): void => {
    const { cluster } = parseOwner(owner);
    const known = all.get(cluster) ?? new Set();
    for (const address of addresses) known.add(address);
    all.set(cluster, known);
  };
  for (const { owner, members } of contributions(states))
    add(
      owner,
      members.map(({ address }) => address),
    );
  for (const { owner, members } of wishes) add(owner, members);
  return all;
}
