import type { SluiceConfig } from '../config/schema.ts';
import { createSecrets } from '../config/secrets.ts';
import { openQueues } from '../queue/open.ts';
import type { Queues } from '../queue/port.ts';
import type { Logger } from '../telemetry/log.ts';
import { processClock, processId, processRandom } from '../runtime/process.ts';
import type { Runtime } from './runtime.ts';

export interface ProcessRuntimeOptions {
  /** Where `env:` references are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly dryRun?: boolean | undefined;
  /** Absent: those that the configuration names. */
  readonly queues?: Queues | undefined;
}

/** The runtime of a real process, with its time, ids and chance. Whoever makes it closes `queues`. */
export function processRuntime(
  config: SluiceConfig,
  { env, log, dryRun, queues }: ProcessRuntimeOptions,
): Runtime {
  return {
    config,
    secrets: createSecrets({ env }),
    queues: queues ?? openQueues(config.queue, { clock: processClock, id: processId }),
    clock: processClock,
    id: processId,
    random: processRandom,
    log,
    ...(dryRun === undefined ? {} : { dryRun }),
  };
}
