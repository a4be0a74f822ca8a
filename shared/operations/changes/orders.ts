/** Changes that are orders to devices. */
import { formatCount } from '../../domain/text/counts.ts';
import { interruptionInWords } from '../../domain/plan/nodes-elsewhere.ts';
import { shellWords } from '../../domain/text/shell.ts';
import { giveApprovals, planApprovals } from '../approve/approve.ts';
import type { PlannedApproval } from '../approve/approve.ts';
import type { OperationContext } from '../context.ts';
import { chooseDevices } from '../devices/declared-partitions.ts';
import { planRepairs, repairsInWords, requestRepairs } from '../drift/drift.ts';
import { giveSync, planSync } from '../sync/sync.ts';
import { cancelOrder, findWaitingOrder } from '../waiting/waiting.ts';
import { changePreview, deviceWords } from './change.ts';
import type { Cuts, WantedChange, PlannedChange } from './change.ts';

type Of<K extends WantedChange['kind']> = Extract<WantedChange, { readonly kind: K }>;

/** Allows what is held. */
export async function planApproveChange(
  context: OperationContext,
  change: Of<'approve'>,
): Promise<PlannedChange> {
  const { owner, keys, device } = change;
  const planned = await planApprovals(context, change);
  const objects = planned.flatMap(({ approval }) =>
    (approval.keys ?? []).map((key) => `${key} on ${approval.device}`),
  );
  const preview = changePreview(
    {
      kind: 'approve',
      what: `Approve what is held of ${owner}: ${formatCount(objects.length, 'exposure')}.`,
      objects,
      counts: { held: objects.length },
      effects: planned.flatMap(({ moving }) =>
        moving === undefined ? [] : [interruptionInWords(moving)],
      ),
      deed: `Approve ${formatCount(objects.length, 'exposure')}`,
      command: shellWords([
        'sluice',
        'approve',
        owner,
        ...deviceWords(device),
        ...(keys === undefined ? [] : ['--keys', ...keys]),
      ]),
    },
    planned,
  );
  return {
    preview,
    cuts: cutByRemovals(owner, planned),
    act: async (author) => {
      const approvals = planned.map(({ approval }) => approval);
      await giveApprovals(context, approvals, { owner, ...author });
      return { says: 'Approved; apply carries it out with its next batch.' };
    },
  };
}

/** Exposures of one change whose connections are counted. */
const MAX_COUNTED = 1_000;

/**
 * What is held on one device may stay on another, so each device counts its own. Moves empty whole
 * partitions for a moment, which the effects say.
 */
function cutByRemovals(owner: string, planned: readonly PlannedApproval[]): readonly Cuts[] {
  const cuts = planned.flatMap(({ approval: { device, keys = [], shareNodes } }) =>
    shareNodes === undefined && keys.length > 0 ? [{ owner, device, keys }] : [],
  );
  const counted = cuts.reduce((sum, { keys }) => sum + keys.length, 0);
  return counted > MAX_COUNTED ? [] : cuts;
}

/** Declares again what the last audit found to differ. */
export async function planRepairChange(
  context: OperationContext,
  { device }: Of<'repair'>,
): Promise<PlannedChange> {
  const chosen = chooseDevices(context.runtime.config, device);
  const audits = await Promise.all(chosen.map(({ name }) => context.views.audit(name)));
  const findings = audits.flatMap((audit) => audit?.findings ?? []);
  const repairs = planRepairs(findings);
  if (repairs.length === 0)
    throw new Error('The last audit found nothing to repair; look again to be sure.');
  const broken = findings.filter(({ kind, repairable }) => repairable || kind === 'kept');
  const preview = changePreview(
    {
      kind: 'repair',
      what: `${repairsInWords(repairs)}.`,
      objects: broken.map((one) => `${one.object} on ${one.device}: ${one.message}`),
      counts: { differences: broken.length },
      effects: repairs.some(({ lift }) => lift)
        ? ['Manual changes that were kept are undone.']
        : [],
      deed: `Repair ${formatCount(broken.length, 'object')}`,
      command: shellWords(['sluice', 'drift', '--repair', ...deviceWords(device)]),
    },
    repairs,
  );
  return {
    preview,
    act: async (author) => {
      await requestRepairs(context, repairs, author);
      return { says: 'Asked apply to restore it.' };
    },
  };
}

/** The devices retry what they refused of a Gateway, and the watcher sends it again. */
export async function planSyncChange(
  context: OperationContext,
  change: Of<'sync'>,
): Promise<PlannedChange> {
  const { cluster, gateway, device } = change;
  const { orders, isKnown } = await planSync(context, change);
  const preview = changePreview(
    {
      kind: 'sync',
      what: `Send the current state of Gateway ${gateway} again.`,
      objects: orders.map((order) => `${order.owner} on ${order.device}`),
      counts: { ingresses: orders.length },
      effects: isKnown ? [] : ['No device and no failure names this Gateway; check its name.'],
      deed: 'Send again',
      command: shellWords([
        'sluice',
        'sync',
        gateway,
        '--cluster',
        cluster,
        ...deviceWords(device),
      ]),
    },
    orders,
  );
  return {
    preview,
    act: async (author) => {
      await giveSync(context, orders, { gateway, ...author });
      return { says: 'Sent; the next snapshot shows the result.' };
    },
  };
}

/** Takes back an order that waits for an unreachable device. */
export async function planCancelOrder(
  context: OperationContext,
  { id }: Of<'cancel-order'>,
): Promise<PlannedChange> {
  const found = await findWaitingOrder(context, id);
  const { device, what } = found.entry;
  const preview = changePreview(
    {
      kind: 'cancel-order',
      what: `Cancel the order that waits for ${device}: ${what}.`,
      objects: [`${what} on ${device}`],
      counts: { orders: 1 },
      effects: [],
      deed: 'Cancel the order',
      command: shellWords(['sluice', 'waiting', 'cancel', id]),
      undo: 'Give the order again.',
    },
    found.entry,
  );
  return {
    preview,
    act: async (author) => {
      await cancelOrder(context, found, author);
      return { says: 'Cancelled.' };
    },
  };
}
