/** What audit sees beside the devices: queues and the failure store, for metrics. */
import type { Failures } from '../../shared/failures/open.ts';
import type { Runtime } from '../../shared/host/runtime.ts';
import { noteQueues, readSamples } from '../../shared/operations/metrics/survey.ts';
import { queueBackend } from '../../shared/queue/open.ts';
import { errorMessage } from '../../shared/telemetry/errors.ts';
import { pathSamples } from '../../shared/telemetry/path-metrics.ts';

/** Neither rejects. */
export interface Survey {
  /** Notes which queues have messages that nobody takes, if the queues do not say since when. */
  note(): Promise<void>;
  /** Hands all gauges to the host of the function. */
  publish(): Promise<void>;
}

export function createSurvey(runtime: Runtime, open: () => Promise<Failures>): Survey {
  const { config, log, meter, pathMeter, dryRun } = runtime;
  const isAgeUnknown = queueBackend(config.queue).oldestElsewhere !== undefined;
  return {
    note: async () => {
      if (!isAgeUnknown || dryRun === true) return;
      try {
        await noteQueues(runtime, await open());
      } catch (error) {
        log.warn(
          { error: errorMessage(error) },
          'since when queues have messages that nobody takes was not noted',
        );
      }
    },
    publish: async () => {
      if (meter === undefined) return;
      const paths = pathSamples(pathMeter?.read() ?? []).filter(
        ({ name }) => !name.endsWith('_total'),
      );
      meter.publish([...(await readSamples(runtime, open)), ...paths]);
    },
  };
}
