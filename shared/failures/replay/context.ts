/** What the driver of a job, a policy and the commands of `sluice replay` have in common. */
import type { Queues } from '../../queue/port.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AuditLog } from '../audit.ts';
import type { FailureStore } from '../port.ts';
import type { Jobs } from './jobs.ts';
import type { Previewer } from './preview.ts';

/** Dependencies for running a job. */
export interface ReplayContext {
  readonly store: FailureStore;
  readonly jobs: Jobs;
  readonly audit: AuditLog;
  readonly queues: Queues;
  readonly previewer: Previewer;
  readonly clock: Clock;
  /** A new unique id. */
  readonly id: () => string;
}
