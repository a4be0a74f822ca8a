import type { SluiceConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import type { Queues } from '../queue/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';

/** All a function may touch besides its event. Lambda builds it from the environment, `sluice up` and the lab in process. */
export interface Runtime {
  readonly config: SluiceConfig;
  readonly secrets: Secrets;
  readonly queues: Queues;
  readonly clock: Clock;
  /** A new unique id (UUID). */
  readonly id: () => string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Neither a device nor a cluster is written to: whoever opens one has to open it like this. */
  readonly dryRun?: boolean | undefined;
}
