/** What a person with the command line does to the devices. */
import { sharedFleet } from '../../../shared/config/fleets.ts';
import { approvalsFor } from '../../../shared/operations/approve/approve.ts';
import { heldPaths } from '../../../shared/operations/approve/paths.ts';
import type { Approval } from '../../../shared/domain/steering/steering.ts';
import type { RigCluster } from './clusters.ts';
import type { Cluster } from './sites.ts';
import type { World } from './world.ts';

export type Rotation = 'drain' | 'out' | 'enable';

/** A person who notes what was ordered, and orders it again where it got lost. */
export interface Operator {
  /** As they were ordered last. */
  readonly rotations: ReadonlyMap<Cluster, Rotation>;
  /** `device partition`: nodes whose move was approved. */
  readonly moves: ReadonlySet<string>;
  rotate(cluster: Cluster, rotation: Rotation): Promise<void>;
  /** What is held for the cluster on the devices, as it is shown at that moment. */
  approve(cluster: RigCluster): Promise<void>;
  /** Orders that got lost. */
  insist(): Promise<void>;
}

export function createOperator(world: World): Operator {
  const rotations = new Map<Cluster, Rotation>();
  const moves = new Set<string>();
  const rotate = async (cluster: Cluster, rotation: Rotation): Promise<void> => {
    rotations.set(cluster, rotation);
    const orders = world.devices.map(({ name: device }) =>
      rotation === 'enable'
        ? ({ action: 'enable', device, cluster } as const)
        : ({ action: 'drain', device, cluster, mode: rotation, because: 'a test' } as const),
    );
    await world.order(orders);
  };
  return {
    rotations,
    moves,
    rotate,
    approve: async ({ owner }) => {
      const declared = world.devices.flatMap(({ name: device, partitions, memory }) =>
        partitions.map((partition) => {
          return { device, partition, milliseconds: 1, state: memory.state(partition) };
        }),
      );
      const sameFleet = sharedFleet(world.config);
      const approvals = found(() => approvalsFor(declared, owner, undefined, sameFleet));
      for (const { device, shareNodes = [] } of approvals)
        for (const partition of shareNodes) moves.add(`${device} ${partition}`);
      await world.order([...approvals, ...ofPaths(world, owner)]);
    },
    insist: async () => {
      for (const [cluster, rotation] of rotations) await rotate(cluster, rotation);
    },
  };
}

/** For each device with held removals of paths of the owner. */
function ofPaths({ config, clock, devices }: World, owner: string): readonly Approval[] {
  return devices.flatMap(({ name: device, memory }): readonly Approval[] => {
    const keys = heldPaths({ config, clock }, { journal: memory.paths.current() }, owner);
    return keys.length === 0 ? [] : [{ action: 'approve', device, owner, keys: [...keys] }];
  });
}

/** If nothing is held, it throws an error that says so. */
function found<T>(look: () => readonly T[]): readonly T[] {
  try {
    return look();
  } catch {
    return [];
  }
}
