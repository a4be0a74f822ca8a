/** Inventory → missing owners for each device. Pure. */
import type { SluiceConfig } from '../../shared/config/schema.ts';
import type { Absence } from '../../shared/domain/snapshot/absence.ts';
import { absentOwners } from '../../shared/domain/snapshot/absence.ts';
import type { Inventory } from '../../shared/domain/snapshot/snapshot.ts';
import { isClustersOwnSender } from './map.ts';

/** An inventory with verified origin (`origin.ts`). */
export interface InventoryInput {
  readonly inventory: Inventory;
  /** Role id of the sender, if the queue reports it. */
  readonly sender: string | undefined;
  readonly config: SluiceConfig;
}

/** An inventory without missing ingresses produces nothing; snapshots cover the rest. */
export function mapInventory({ inventory, sender, config }: InventoryInput): readonly Absence[] {
  const { cluster, clusterUid, revision } = inventory;
  // Only ingresses that are configured here. Others have no slices that could be missing.
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
  // All devices, because a device that the configuration no longer assigns may still have
  // exposures.
  return config.devices.map(({ name }): Absence => ({
    cluster,
    clusterUid,
    device: name,
    version,
    ...known,
    absent,
  }));
}
