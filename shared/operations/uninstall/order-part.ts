/** Takes one cluster out of the devices, by an order that apply carries out. */
import type { DeclaredState } from '../../domain/declared/declared.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import { giveClusterOrder, previewClusterOrder } from '../clusters/clusters.ts';
import type { Author, OperationContext } from '../context.ts';
import { unansweredOf } from '../devices/declared-partitions.ts';
import type { DeclaredPartitionView, UnansweredPartition } from '../devices/declared-partitions.ts';
import { uninstallItems, NOTHING } from './part.ts';
import type { UninstallPart } from './part.ts';

type Context = Pick<OperationContext, 'runtime' | 'readPartitions' | 'heard' | 'audit'>;

/** Milliseconds to wait for apply, and between two looks. */
const PATIENCE = { total: 60_000, look: 1_000 } as const;

/** The contributions of the cluster on all devices. Devices that do not answer keep theirs. */
export async function orderPart(
  context: Context,
  cluster: string,
  author: Author,
): Promise<UninstallPart> {
  const { config } = context.runtime;
  const declared = await context.readPartitions(config.devices);
  const away = unansweredOf(declared).map((one) => {
    const { device, partition, code, problem } = one;
    return uninstallItems(device)[isOfOthers(one) ? 'keep' : 'unknown'](
      `partition ${partition}`,
      `${code}: ${problem}`,
    );
  });
  const found = declared.flatMap((one) => ('state' in one ? exposuresOf(one, cluster) : []));
  const fences = declared.flatMap((one) =>
    'state' in one && hasVersions(one.state, cluster) ? [one] : [],
  );
  const items = [
    ...away,
    ...found,
    ...fences.map(({ device, partition }) =>
      uninstallItems(device).keep(
        `versions of cluster ${cluster} in ${partition}`,
        'so that old events change nothing; they go with the partition',
      ),
    ),
  ];
  if (found.length === 0) return { ...NOTHING, items };
  const step = {
    what: `cluster ${cluster} on its devices`,
    run: () => order(context, cluster, author),
  };
  return { items, steps: [step], running: [] };
}

/** The device answered: the partition is not Sluice's. */
function isOfOthers({ code }: UnansweredPartition): boolean {
  return code.startsWith('OWN');
}

/** The virtual servers with members of the cluster. */
function exposuresOf(
  { device, partition, state }: Extract<DeclaredPartitionView, { state: DeclaredState }>,
  cluster: string,
): UninstallPart['items'] {
  return Object.entries(state.exposures).flatMap(([key, { contributions }]) => {
    const others = contributions.filter(({ owner }) => parseOwner(owner).cluster !== cluster);
    if (others.length === contributions.length) return [];
    const object = `virtual server ${key} in ${partition}`;
    const why =
      others.length === 0
        ? `only cluster ${cluster} is behind it: traffic to it ends`
        : `it loses the members of cluster ${cluster}; ${others.map(({ owner }) => owner).join(', ')} stay`;
    return [uninstallItems(device).remove(object, why)];
  });
}

function hasVersions({ owners }: DeclaredState, cluster: string): boolean {
  return Object.keys(owners).some((owner) => parseOwner(owner).cluster === cluster);
}

/** Resolves when no device has members of the cluster. */
async function order(context: Context, cluster: string, author: Author): Promise<void> {
  const { config, clock } = context.runtime;
  const wanted = { cluster, request: { action: 'forget' } } as const;
  await giveClusterOrder(context, await previewClusterOrder(context, wanted), {
    ...wanted,
    ...author,
  });
  const deadline = clock.monotonic() + PATIENCE.total;
  while (clock.monotonic() < deadline) {
    const declared = await context.readPartitions(config.devices);
    const left = declared.some((one) =>
      'problem' in one ? !isOfOthers(one) : exposuresOf(one, cluster).length > 0,
    );
    if (!left) return;
    await clock.sleep(PATIENCE.look);
  }
  throw new Error(
    `apply has not carried out the order within ${PATIENCE.total / 1_000} s; look whether the functions run, then repeat`,
  );
}
