/** What every function gets from its host. */
import type { SluiceConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import type { Queues } from '../queue/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Meter } from '../telemetry/meter.ts';
import type { PathMeter } from '../telemetry/path-meter.ts';

/**
 * The dependencies of a function. Built by the Lambda entry point from the environment, and by
 * `sluice up` and the lab in process.
 */
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
  /** Absent where no metrics are served or written. */
  readonly meter?: Meter | undefined;
  /** The same for paths. */
  readonly pathMeter?: PathMeter | undefined;
  /**
   * If true, nothing is written to devices or clusters; every connection must be opened in this
   * mode.
   */
  readonly dryRun?: boolean | undefined;
}
