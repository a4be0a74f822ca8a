/** Probes and metrics of `sluice up --no-watch`: the functions without a watcher. */
import { Registry } from 'prom-client';
import type { Runtime } from '../../../shared/host/runtime.ts';
import type { MetricSample } from '../../../shared/telemetry/metric.ts';
import { serveAsAsked, type HttpAddress, type HttpServer } from './http.ts';
import { registerSamples } from './samples.ts';

/** What the process serves, and where; without an address nothing. */
export interface FunctionsOnlyOptions {
  readonly runtime: Runtime;
  /** Read for each scrape. */
  readonly samples: () => Promise<readonly MetricSample[]>;
  readonly http?: HttpAddress | undefined;
}

/** Started and stopped like a watcher. `start` rejects if a port that was asked for is in use. */
export function createFunctionsOnly({ runtime, samples, http }: FunctionsOnlyOptions): {
  start(): Promise<void>;
  stop(): Promise<void>;
} {
  const registry = new Registry();
  const { refresh } = registerSamples(registry, samples);
  const answers = {
    ready: () => ({ ready: true, lines: ['no watcher; the functions receive messages'] }),
    metrics: async () => {
      await refresh();
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
  let served: HttpServer | undefined;
  return {
    start: async () => {
      if (http !== undefined) served = await serveAsAsked(http, answers, runtime.log);
    },
    stop: async () => served?.close(),
  };
}
