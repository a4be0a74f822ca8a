/** Inventory → for each device, the owners that should be in it and are not. Pure. */
import type { SluiceConfig } from '../../shared/config/schema.ts';
import type { Absence } from '../../shared/domain/snapshot/absence.ts';
import { absentOwners } from '../../shared/domain/snapshot/absence.ts';
import type { Inventory } from '../../shared/domain/snapshot/snapshot.ts';
import { isClustersOwnSender } from './map.ts';

/** Of an inventory whose origin was judged (`origin.ts`). */
export interface InventoryInput {
  readonly inventory: Inventory;
  /** Role id of the sender, where the queue knows it. */
  readonly sender: string | undefined;
  readonly config: SluiceConfig;
}

/** An inventory that misses nothing says nothing: the snapshots beside it say the rest. */
export function mapInventory({ inventory, sender, config }: InventoryInput): readonly Absence[] {
  const { cluster, clusterUid, revision } = inventory;
  const configured = config.ingresses
    .filter((ingress) => ingress.cluster === cluster)
    .map(({ service }) => `${cluster}/${service}`);
  const absent = [...absentOwners(inventory, configured)];
  if (absent.length === 0) return [];
  const version = { ...revision, generation: config.generation };
  const known =
    sender !== undefined && isClustersOwnSender({ snapshot: inventory, sender, config })
      ? { sender }
      : {};
  // Every device, because an ingress may be left over on one that the configuration gives it no more.
  return config.devices.map(({ name }): Absence => ({
    cluster,
    clusterUid,
    device: name,
    version,
    ...known,
    absent,
  }));
}
