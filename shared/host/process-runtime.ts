/** The runtime of a process that is started by hand or by a container. */
import type { SluiceConfig } from '../config/schema.ts';
import { awsRegion, createSecrets } from '../config/secrets.ts';
import { lazyQueues } from '../queue/lazy-queues.ts';
import { openQueues, queueBackend } from '../queue/open.ts';
import type { Queues } from '../queue/port.ts';
import type { Logger } from '../telemetry/log.ts';
import { processClock, processId, processRandom } from '../runtime/process.ts';
import { createMeter } from '../telemetry/meter.ts';
import { createPathMeter } from '../telemetry/path-meter.ts';
import type { Runtime } from './runtime.ts';

/** Properties of a process; clock, ids and random numbers are those of the system. */
export interface ProcessRuntimeOptions {
  /** Source of `env:` references. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly dryRun?: boolean | undefined;
  /** Default: the queues of the configuration. */
  readonly queues?: Queues | undefined;
  /** Opens them with the first call that needs them, so that a look creates no file. */
  readonly opensLate?: boolean;
}

/**
 * Builds the runtime of a real process, with system clock, ids and random numbers. The caller
 * closes `queues`.
 */
export function processRuntime(
  config: SluiceConfig,
  { env, log, dryRun, queues, opensLate = false }: ProcessRuntimeOptions,
): Runtime {
  const secrets = createSecrets({ env, region: awsRegion(config) });
  const open = (): Queues =>
    openQueues(config.queue, { clock: processClock, id: processId, secrets });
  return {
    config,
    secrets,
    queues: queues ?? (opensLate ? openedLate(config, open) : open()),
    clock: processClock,
    id: processId,
    random: processRandom,
    log,
    meter: createMeter(),
    pathMeter: createPathMeter(),
    ...(dryRun === undefined ? {} : { dryRun }),
  };
}

function openedLate({ queue }: Pick<SluiceConfig, 'queue'>, open: () => Queues): Queues {
  return lazyQueues(() => Promise.resolve().then(open), queueBackend(queue).depthBefore);
}
