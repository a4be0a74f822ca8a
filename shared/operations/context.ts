/**
 * What the operations work with: ports, never a terminal. The command line opens them for one command, a server for as long as it runs.
 */
import type { Failures } from '../failures/open.ts';
import type { Runtime } from '../host/runtime.ts';

/** Failure store, jobs, audit log and waiting place, with configuration, secrets, queues and clock beside them. */
export interface OperationContext extends Failures {
  readonly runtime: Runtime;
}

/** Who changes something, and why: both go to the audit log. */
export interface Author {
  readonly who: string;
  readonly why: string;
}
