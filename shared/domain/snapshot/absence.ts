/** What an inventory proves to be gone, on its way from map to apply. */
import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import { Version } from '../revision.ts';
import type { Inventory, OwnerKey } from './snapshot.ts';
import { ownerKey } from './snapshot.ts';

/** Owners of one cluster that its complete list of ingresses misses, for one device. */
export const Absence = z.strictObject({
  cluster: Name.min(1),
  clusterUid: Name.min(1),
  device: Name.min(1),
  /** Of the inventory: an owner declared at a newer version is not missed. */
  version: Version,
  /** Role id of the verified sender, where the queue knows it. */
  sender: Name.optional(),
  absent: z.array(Name).min(1),
});
export type Absence = Readonly<z.infer<typeof Absence>>;

/**
 * Owners that both sides look for and whose Service is not there. One that `sluice.yaml` does not name any more is not looked for, so
 * that its absence proves nothing: audit names it (BIP453), and `sluice cluster forget` takes it out.
 */
export function absentOwners(
  { cluster, ingresses, watched }: Inventory,
  configured: readonly OwnerKey[],
): readonly OwnerKey[] {
  const keys = (list: readonly Inventory['ingresses'][number][]): ReadonlySet<OwnerKey> =>
    new Set(list.map((ref) => ownerKey(cluster, ref)));
  const [there, looked] = [keys(ingresses), watched && keys(watched)];
  return configured.filter((owner) => !there.has(owner) && (looked?.has(owner) ?? true));
}
