/** The events of the pipeline; the version is part of the type. */
import * as z from 'zod';
import { Settled, Slice } from '../domain/exposure/exposure.ts';
import { Inventory, Snapshot } from '../domain/ingress/snapshot.ts';

export const INGRESS_OBSERVED = 'sluice.ingress.observed.v1';
export const CLUSTER_INVENTORY = 'sluice.cluster.inventory.v1';
export const INGRESS_DESIRED = 'sluice.ingress.desired.v1';
export const INGRESS_SETTLED = 'sluice.ingress.settled.v1';
export const DEAD_LETTER = 'sluice.deadletter.v1';

/** What travels on `snapshots`, on `slices` and on `settled-<cluster>`; the second argument of `open`. */
export const SNAPSHOT_EVENTS = { [INGRESS_OBSERVED]: Snapshot, [CLUSTER_INVENTORY]: Inventory } as const satisfies Record<string, z.ZodType>;
export const SLICE_EVENTS = { [INGRESS_DESIRED]: Slice } as const satisfies Record<string, z.ZodType>;
export const SETTLED_EVENTS = { [INGRESS_SETTLED]: Settled } as const satisfies Record<string, z.ZodType>;
