/** Describes a change, and makes it if it is still what was shown. */
import type { Author, OperationContext } from '../context.ts';
import type { ChangePreview, DirectChange, MadeChange, PlannedChange } from './change.ts';
import { planClusterChange } from './cluster.ts';
import { planJobChange, planMoveChange } from './failures.ts';
import { planApproveChange, planCancelOrder, planRepairChange, planSyncChange } from './orders.ts';

/** What would happen now; throws an explanation if the change is not possible. */
export async function planChange(
  context: OperationContext,
  change: DirectChange,
): Promise<PlannedChange> {
  switch (change.kind) {
    case 'cluster':
      return planClusterChange(context, change);
    case 'approve':
      return planApproveChange(context, change);
    case 'repair':
      return planRepairChange(context, change);
    case 'sync':
      return planSyncChange(context, change);
    case 'cancel-order':
      return planCancelOrder(context, change);
    case 'archive':
    case 'restore':
      return planMoveChange(context, change);
    case 'pause':
    case 'cancel':
      return planJobChange(context, change);
  }
}

/** Thrown instead of making a change that is no longer what was shown; nothing was done. */
export class ChangeMoved extends Error {
  readonly preview: ChangePreview;
  constructor(preview: ChangePreview) {
    super('Something changed since you looked. Nothing was done; look at the difference again.');
    this.name = 'ChangeMoved';
    this.preview = preview;
  }
}

/** The risk must be accepted explicitly. */
export class ChangeRisky extends Error {
  constructor(risk: string) {
    super(`${risk}. To do it anyway, confirm the risk.`);
    this.name = 'ChangeRisky';
  }
}

/** How a person confirmed a change. */
export interface Confirmed extends Author {
  /** Of the preview that was shown. */
  readonly hash: string;
  readonly force: boolean;
}

/** Throws a {@link ChangeMoved} or {@link ChangeRisky}. */
export async function makeChange(
  context: OperationContext,
  change: DirectChange,
  { hash, force, who, why }: Confirmed,
): Promise<MadeChange> {
  const { preview, act } = await planChange(context, change);
  if (preview.hash !== hash) throw new ChangeMoved(preview);
  if (preview.risk !== undefined && !force) throw new ChangeRisky(preview.risk);
  return act({ who, why });
}
