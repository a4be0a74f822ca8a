/** What `sluice up` measures, for the metrics that it serves. */
import { createStore } from '../../../shared/failures/opened-once.ts';
import type { Runtime } from '../../../shared/host/runtime.ts';
import { readSamples } from '../../../shared/operations/metrics/survey.ts';
import type { MetricSample } from '../../../shared/telemetry/metric.ts';
import { pathSamples } from '../../../shared/telemetry/path-metrics.ts';

/** `stop` closes the failure store. */
export interface ProcessSamples {
  readonly read: () => Promise<readonly MetricSample[]>;
  readonly stop: () => Promise<void>;
}

/** Milliseconds for which gauges are used again: reading them lists the failure store. */
const FRESH_MS = 10_000;

/** Gauges are read only when somebody scrapes, at most once in ten seconds. */
export function processSamples(runtime: Runtime): ProcessSamples {
  const { clock, meter, pathMeter } = runtime;
  const store = createStore(runtime);
  let gauges: Promise<readonly MetricSample[]> | undefined;
  let readAt = 0;
  const fresh = (): Promise<readonly MetricSample[]> => {
    if (gauges === undefined || clock.monotonic() - readAt >= FRESH_MS) {
      readAt = clock.monotonic();
      gauges = readSamples(runtime, store.open);
    }
    return gauges;
  };
  return {
    read: async () => [
      ...(await fresh()),
      ...(meter?.read() ?? []),
      ...pathSamples(pathMeter?.read() ?? []),
    ],
    stop: async () => {
      await gauges;
      await store.close();
    },
  };
}
