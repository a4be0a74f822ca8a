/** Orders for clusters as changes: drain, take out, enable, forget, adopt. */
import { shellWords } from '../../domain/text/shell.ts';
import { giveClusterOrder, previewClusterOrder } from '../clusters/clusters.ts';
import type { ClusterOrderPlan, ClusterOrderRequest } from '../clusters/orders.ts';
import type { OperationContext } from '../context.ts';
import { chooseDevices } from '../devices/declared-partitions.ts';
import { portRows } from '../ports/ports.ts';
import type { PortRow } from '../ports/ports.ts';
import { changePreview, deviceWords } from './change.ts';
import type { WantedChange, Cuts, PlannedChange } from './change.ts';

type ClusterChange = Extract<WantedChange, { readonly kind: 'cluster' }>;

const CLUSTER_DEEDS: Readonly<Record<ClusterOrderRequest['action'], string>> = {
  drain: 'Drain',
  out: 'Take out',
  enable: 'Enable',
  forget: 'Forget',
  adopt: 'Adopt',
};

const CLUSTER_UNDO: Partial<Record<ClusterOrderRequest['action'], string>> = {
  drain: 'Enable the cluster.',
  out: 'Enable the cluster; connections that were cut stay cut.',
  enable: 'Drain the cluster again.',
  forget: 'The next snapshot of an ingress that still exists restores it.',
};

/**
 * The order for a change of the page. Only drains carry the reason to the device, where others see
 * it.
 */
function clusterRequest(
  { action, cluster, owner, uid }: ClusterChange,
  because: string,
): ClusterOrderRequest {
  switch (action) {
    case 'drain':
    case 'out':
      return { action, because };
    case 'enable':
      return { action };
    case 'forget':
      return { action, ...(owner !== undefined && { owner: `${cluster}/${owner}` }) };
    case 'adopt':
      return { action, ...(uid !== undefined && { uid }) };
  }
}

/** An order for a cluster on one device or all. */
export async function planClusterChange(
  context: OperationContext,
  change: ClusterChange,
): Promise<PlannedChange> {
  const { action, cluster, device, owner } = change;
  const wanted = (because: string) => ({
    cluster,
    request: clusterRequest(change, because),
    device,
  });
  const plan = await previewClusterOrder(context, wanted(''));
  const partitions = await context.readPartitions(chooseDevices(context.runtime.config, device));
  const rows = portRows(partitions).filter(
    (row) =>
      row.owner.startsWith(`${cluster}/`) &&
      (owner === undefined || row.owner === `${cluster}/${owner}`),
  );
  const members = rows.reduce((sum, row) => sum + row.members, 0);
  const undo = CLUSTER_UNDO[action];
  const preview = changePreview(
    {
      kind: 'cluster',
      what: plan.question.replace(/ Do it\?$/, ''),
      objects: rows.map((row) => `${row.exposure} on ${row.device}`),
      counts: { exposures: rows.length, members },
      effects: [],
      ...(plan.risk !== undefined && { risk: plan.risk }),
      deed: `${CLUSTER_DEEDS[action]} ${cluster}`,
      command: commandOf(change, plan),
      ...(undo !== undefined && { undo }),
    },
    [change, plan.orders, rows.map((row) => [row.members, row.drained])],
  );
  return {
    preview,
    cuts: cutBy(change),
    act: async (author) => {
      const asked = wanted(author.why);
      // With the reason; the plan is otherwise the one that was shown.
      const orders = plan.orders.map((order) =>
        order.action === 'drain' ? { ...order, because: author.why } : order,
      );
      const devices = await giveClusterOrder(context, { ...plan, orders }, { ...asked, ...author });
      const undone = undoneBy(change, rows);
      return {
        says: `Ordered on ${devices.join(', ')}; apply carries it out with its next batch.`,
        ...(undone && { undo: undone }),
      };
    },
  };
}

/** The same as a command line, with `--force` if the plan shows a risk. */
function commandOf(
  { action, cluster, device, owner, uid }: ClusterChange,
  { risk }: ClusterOrderPlan,
): string {
  return shellWords([
    'sluice',
    'cluster',
    action,
    cluster,
    ...deviceWords(device),
    ...(owner === undefined ? [] : ['--owner', owner]),
    ...(uid === undefined ? [] : ['--uid', uid]),
    ...(risk === undefined ? [] : ['--force']),
  ]);
}

/** The opposite order; what is forgotten or adopted comes back by its own events only. */
function undoneBy(
  { kind, action, cluster, device }: ClusterChange,
  rows: readonly PortRow[],
): WantedChange | undefined {
  const again = { kind, cluster, ...(device !== undefined && { device }) };
  if (action === 'drain' || action === 'out') return { ...again, action: 'enable' };
  const modes = new Set(rows.map(({ drained }) => drained));
  const [mode] = modes;
  return action === 'enable' && mode !== undefined && modes.size === 1
    ? { ...again, action: mode }
    : undefined;
}

/** A drain lets connections end by themselves. */
function cutBy({ action, cluster, device, owner }: ClusterChange): readonly Cuts[] {
  if (action !== 'out' && action !== 'forget') return [];
  const whose = owner === undefined ? cluster : `${cluster}/${owner}`;
  return [{ owner: whose, ...(device !== undefined && { device }) }];
}
