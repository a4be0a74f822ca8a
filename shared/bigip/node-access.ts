/**
 * Declaration and nodes of one BIG-IP, for express. Uses separate connections, so that a declare
 * never delays it.
 */
import type { DeviceConfig } from '../config/schema.ts';
import type { NodeAccess } from '../device/nodes.ts';
import { EMPTY_STATE } from '../domain/declared/declared.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { DeviceSecrets } from './rest/connect.ts';
import { openSession } from './rest/connect.ts';
import { listNodes, reconcileNodes, writeNode } from './state/nodes.ts';
import { createPartitionReader } from './state/partition.ts';

/** A slower answer is too late for express. */
const LONGEST_REQUEST_MS = 5_000;

/** With `dryRun`, writes are logged to `log` and not sent. */
export interface NodeSurroundings {
  readonly clock: Clock;
  /** From 0 to 1, for the pauses of the breaker. */
  readonly random: () => number;
  /** Only reads are sent; writes are logged. */
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
