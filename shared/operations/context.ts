/**
 * The dependencies of operations: ports, never a terminal. The command line opens them per command,
 * a server once.
 */
import type { DeviceConfig } from '../config/schema.ts';
import type { Failures } from '../failures/open.ts';
import type { Runtime } from '../host/runtime.ts';
import type { DeclaredPartitionView } from './devices/partition-view.ts';

/**
 * Failure store, jobs, audit log and waiting changes, with configuration, secrets, queues and
 * clock.
 */
export interface OperationContext extends Failures {
  readonly runtime: Runtime;
  readonly readPartitions: ReadPartitions;
}

/**
 * The declarations of these devices, by partition: from the devices themselves, or as they were
 * last seen. Never rejects because of a device.
 */
export type ReadPartitions = (
  devices: readonly DeviceConfig[],
  /** `health`: also what monitors say, which a device lists for all of its members. */
  options?: { readonly health?: boolean },
) => Promise<readonly DeclaredPartitionView[]>;

/** Author and reason of a change, for the audit log. */
export interface Author {
  readonly who: string;
  readonly why: string;
}
