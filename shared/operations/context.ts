/**
 * The dependencies of operations: ports, never a terminal. The command line opens them per command,
 * a server once.
 */
import type { Failures } from '../failures/open.ts';
import type { Runtime } from '../host/runtime.ts';

/**
 * Failure store, jobs, audit log and waiting changes, with configuration, secrets, queues and
 * clock.
 */
export interface OperationContext extends Failures {
  readonly runtime: Runtime;
}

/** Author and reason of a change, for the audit log. */
export interface Author {
  readonly who: string;
  readonly why: string;
}
