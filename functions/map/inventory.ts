/** Inventory → for each device, the owners that should be in it and are not. Pure. */
import type { SluiceConfig } from '../../shared/config/schema.ts';
import type { Absence } from '../../shared/domain/ingress/absence.ts';
import { absentOwners } from '../../shared/domain/ingress/absence.ts';
import type { Inventory } from '../../shared/domain/ingress/snapshot.ts';
import type { Refusal } from './map.ts';
import { refuse, speaks } from './map.ts';

export interface InventoryInput {
  readonly inventory: Inventory;
  /** Role id of the sender, where the queue knows it. */
  readonly sender: string | undefined;
  readonly config: SluiceConfig;
  readonly now: number;
}

export type InventoryResult = { readonly kind: 'absences'; readonly absences: readonly Absence[] } | ({ readonly kind: 'refused' } & Refusal);

/** An inventory that misses nothing says nothing: the snapshots beside it say the rest. */
export function mapInventory({ inventory, sender, config, now }: InventoryInput): InventoryResult {
  const said = { snapshot: inventory, sender, config, now };
  const refusal = refuse(said);
  if (refusal) return { kind: 'refused', ...refusal };
  const { cluster, clusterUid, revision } = inventory;
  const configured = config.ingresses.filter((ingress) => ingress.cluster === cluster).map(({ service }) => `${cluster}/${service}`);
  const absent = [...absentOwners(inventory, configured)];
  if (absent.length === 0) return { kind: 'absences', absences: [] };
  const version = { ...revision, generation: config.generation };
  const known = sender !== undefined && speaks(said) ? { sender } : {};
  // Every device, because an ingress may be left over on one that the configuration gives it no more.
  return { kind: 'absences', absences: config.devices.map(({ name }): Absence => ({ cluster, clusterUid, device: name, version, ...known, absent })) };
}
