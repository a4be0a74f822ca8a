/**
 * Which owners were told that their leaving members are out of rotation, and so may wait with the
 * removal.
 */
import type { Settled, Slice } from '../../shared/domain/exposure/exposure.ts';
import type { OwnerKey } from '../../shared/domain/snapshot/snapshot.ts';

/** Owners whose members were told to be out of rotation, so that their removal may wait. */
export interface ToldDrained {
  /** Call with every result that was sent. */
  note(settled: Pick<Settled, 'owner' | 'device' | 'drained'>): void;
  /** Other owners who may wait with an address that this slice uses; each is returned once. */
  claimedBy(slice: Pick<Slice, 'owner' | 'device' | 'exposures'>): readonly OwnerKey[];
}

/** Remembers the last result of each owner; after a restart, a removal waits its 10 s. */
export function createToldDrained(): ToldDrained {
  const byDevice = new Map<string, Map<OwnerKey, readonly string[]>>();
  return {
    note: ({ owner, device = '', drained = [] }) => {
      const told = byDevice.get(device) ?? new Map<OwnerKey, readonly string[]>();
      byDevice.set(device, told);
      if (drained.length > 0) told.set(owner, drained);
      else told.delete(owner);
    },
    claimedBy: ({ owner, device, exposures }) => {
      const told = byDevice.get(device) ?? new Map<OwnerKey, readonly string[]>();
      const others = [...told].filter(([other]) => other !== owner);
      if (others.length === 0) return [];
      const used = new Set(
        exposures.flatMap(({ members }) => members.map(({ address }) => address)),
      );
      const claimed = others.flatMap(([other, addresses]) =>
        addresses.some((address) => used.has(address)) ? [other] : [],
      );
      for (const other of claimed) told.delete(other);
      return claimed;
    },
  };
}
