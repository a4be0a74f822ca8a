/** One BIG-IP as express sees it: what is declared, and the nodes. It has connections of its own, so that a declare never holds it up. */
import type { DeviceConfig } from '../config/schema.ts';
import type { LiveNode, NodeWrite } from '../domain/express/node.ts';
import type { DeclaredState } from '../domain/declared/declared.ts';
import { EMPTY_STATE } from '../domain/declared/declared.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { DeviceSecrets } from './connect.ts';
import { openSession } from './connect.ts';
import { listNodes, reconcileNodes, writeNode } from './nodes.ts';
import { createPartitionReader } from './partition.ts';

export interface NodeAccess {
  /** Reading needs no lock of AS3, so it goes on during a declare. A partition that is not ours has no declared state to speak of. */
  declared(partition: string): Promise<DeclaredState>;
  nodes(partition: string): Promise<readonly LiveNode[]>;
  write(partition: string, write: NodeWrite): Promise<'written' | 'gone'>;
  /** Back to what is declared. */
  reconcile(partition: string, state: DeclaredState): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Seconds: what takes longer is no express any more. */
const LONGEST_REQUEST = 5;

export interface NodeSurroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly dryRun?: boolean | undefined;
  readonly log?: Logger;
}

export function openNodeAccess(
  config: DeviceConfig,
  secrets: DeviceSecrets,
  surroundings: NodeSurroundings,
): NodeAccess {
  const { clock, random, dryRun, log } = surroundings;
  const session = openSession(config, secrets, clock, {
    random,
    dryRun,
    log,
    timeout: LONGEST_REQUEST * 1000,
  });
  const readPartition = createPartitionReader(session, config);
  return {
    declared: async (partition) => {
      const { reading } = await readPartition(partition);
      return reading.kind === 'ours' ? reading.declared.state : EMPTY_STATE;
    },
    nodes: (partition) => listNodes(session, partition),
    write: (partition, write) => writeNode(session, partition, write),
    reconcile: (partition, state) => reconcileNodes(session, partition, state),
    close: () => session.close(),
  };
}
