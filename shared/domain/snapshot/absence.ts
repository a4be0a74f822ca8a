/** Missing owners derived from an inventory, sent from map to apply. */
import * as z from 'zod';
import { Name } from '../text/bounded.ts';
import { Version } from '../revision.ts';
import type { Inventory, OwnerKey } from './snapshot.ts';
import { ownerKey } from './snapshot.ts';

/** Owners of one cluster that are missing from its complete list of ingresses, for one device. */
export const Absence = z.strictObject({
  cluster: Name.min(1),
  clusterUid: Name.min(1),
  device: Name.min(1),
  /** Version of the inventory; an owner declared at a newer version is not missing. */
  version: Version,
  /** Role id of the verified sender, if the queue reports it. */
  sender: Name.optional(),
  absent: z.array(Name).min(1),
});
export type Absence = Readonly<z.infer<typeof Absence>>;

/**
 * Owners that both sides look for and whose Service does not exist. An owner that is no longer in
 * `sluice.yaml` is not looked for, so its absence proves nothing: audit reports it (BIP453), and
 * `sluice cluster forget` removes it.
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
