import type { SluiceConfig } from '../config/schema.ts';
import type { Secrets } from '../config/secrets.ts';
import type { Queues } from '../queue/port.ts';
import type { Logger } from '../telemetry/log.ts';

/** Time, ids and chance, so that tests decide them. */
export interface Clock {
  /** Milliseconds since 1970, as the machine believes: for what people and other machines read. It may be wrong, and step back or ahead. */
  now(): number;
  /** Milliseconds since some moment of this process; it only ever runs on. For durations, pauses and deadlines within the process. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

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
