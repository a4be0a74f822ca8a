/**
 * The interface of express to one BIG-IP: declaration and nodes. Uses separate connections, so that
 * a declare never delays it.
 */
import type { DeviceConfig } from '../config/schema.ts';
import type { LiveNode, NodeWrite } from '../domain/express/node.ts';
import type { DeclaredState } from '../domain/declared/declared.ts';
import { EMPTY_STATE } from '../domain/declared/declared.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { DeviceSecrets } from './rest/connect.ts';
import { openSession } from './rest/connect.ts';
import { listNodes, reconcileNodes, writeNode } from './state/nodes.ts';
import { createPartitionReader } from './state/partition.ts';

/** Reads declarations and writes nodes, nothing else. */
export interface NodeAccess {
  /**
   * Reading needs no AS3 lock, so it works during a declare. A foreign partition has an empty
   * declared state.
   */
  declared(partition: string): Promise<DeclaredState>;
  nodes(partition: string): Promise<readonly LiveNode[]>;
  write(partition: string, write: NodeWrite): Promise<'written' | 'gone'>;
  /** Returns nodes to the declared state. */
  reconcile(partition: string, state: DeclaredState): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** A slower answer is too late for express. */
const LONGEST_REQUEST_MS = 5_000;

/** With `dryRun`, writes are logged to `log` and not sent. */
export interface NodeSurroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly dryRun?: boolean | undefined;
  readonly log?: Logger;
}

/**
 * Opens its own session. Requests have a shorter limit than those of a declaration, because express
 * events are only useful soon.
 */
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
    timeoutMs: LONGEST_REQUEST_MS,
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
