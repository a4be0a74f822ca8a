/** Serves values that others measured, beside the metrics of the watcher. */
import type { Metric, Registry } from 'prom-client';
import type { MetricRow, MetricSample } from '../../../shared/telemetry/metric.ts';
import { METRICS } from '../../../shared/telemetry/metrics.ts';

/** `refresh` reads all values once for a scrape; metrics without values have none. */
export function registerSamples(
  registry: Registry,
  read: () => Promise<readonly MetricSample[]>,
): { readonly refresh: () => Promise<void> } {
  let byName: ReadonlyMap<string, readonly MetricSample[]> = new Map();
  for (const row of METRICS)
    registry.registerMetric(metricFor(row, () => byName.get(row.name) ?? []));
  return {
    refresh: async () => {
      byName = Map.groupBy(await read(), ({ name }) => name);
    },
  };
}

/** prom-client's own metrics only take single observations; its registry prints any `get`. */
function metricFor(row: MetricRow, read: () => readonly MetricSample[]): Metric {
  const { name, help, kind: type, labels: labelNames } = row;
  const get = (): Promise<unknown> =>
    Promise.resolve({
      name,
      help,
      type,
      aggregator: 'sum',
      values: read().map(({ labels, value, suffix = '' }) => ({
        labels,
        value,
        metricName: `${name}${suffix}`,
      })),
    });
  return { name, help, type, labelNames, get } as unknown as Metric;
}
