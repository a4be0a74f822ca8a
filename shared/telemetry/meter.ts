/**
 * Counts what functions do, for metrics. Functions of one process share it through their runtime;
 * it holds plain values, because the functions come from separate bundles.
 */
import type { MetricLabels, MetricSample } from './metric.ts';
import type { CountedName, ObservedName } from './metrics.ts';
import { SECONDS_BUCKETS } from './metrics.ts';

/** One process has at most as many rows as its configuration and the code table allow. */
export interface Meter {
  count(name: CountedName, labels: MetricLabels): void;
  /** In seconds. */
  observe(name: ObservedName, labels: MetricLabels, seconds: number): void;
  /** Gauges that a function read, for a host that reads none itself; they replace earlier ones. */
  publish(gauges: readonly MetricSample[]): void;
  /** Counters and histograms since the start of the process. */
  read(): readonly MetricSample[];
  /** What came since the last call: observed values, at most 100 for each row, and gauges. */
  takeNew(): { readonly observed: readonly Observed[]; readonly gauges: readonly MetricSample[] };
}

/** Values as they were observed. */
export interface Observed extends Pick<MetricSample, 'name' | 'labels'> {
  readonly values: readonly number[];
}

/** CloudWatch takes as many values of one metric in a line. */
const MAX_VALUES = 100;

interface Histogram extends Pick<MetricSample, 'name' | 'labels'> {
  readonly buckets: number[];
  sum: number;
  count: number;
  fresh: number[];
}

export function createMeter(): Meter {
  const counters = new Map<string, MetricSample>();
  const histograms = new Map<string, Histogram>();
  let gauges: readonly MetricSample[] = [];
  return {
    count: (name, labels) => {
      const key = sampleKey({ name, labels });
      const value = (counters.get(key)?.value ?? 0) + 1;
      counters.set(key, { name, labels, value });
    },
    observe: (name, labels, seconds) => {
      const key = sampleKey({ name, labels });
      const row = histograms.get(key) ?? emptyHistogram(name, labels);
      histograms.set(key, row);
      row.sum += seconds;
      row.count += 1;
      row.fresh = [...row.fresh, seconds].slice(-MAX_VALUES);
      for (const [i, bound] of SECONDS_BUCKETS.entries())
        if (seconds <= bound) row.buckets[i] = (row.buckets[i] ?? 0) + 1;
    },
    publish: (given) => {
      gauges = given;
    },
    read: () => [...counters.values(), ...[...histograms.values()].flatMap(samplesOf)],
    takeNew: () => {
      const rows = [...histograms.values()].filter(({ fresh }) => fresh.length > 0);
      const observed = rows.map(({ name, labels, fresh }) => ({ name, labels, values: fresh }));
      for (const row of rows) row.fresh = [];
      const taken = gauges;
      gauges = [];
      return { observed, gauges: taken };
    },
  };
}

/** Of the same metric and labels. */
export function sampleKey({ name, labels }: Pick<MetricSample, 'name' | 'labels'>): string {
  return JSON.stringify([name, ...Object.entries(labels)]);
}

function emptyHistogram(name: string, labels: MetricLabels): Histogram {
  return { name, labels, buckets: SECONDS_BUCKETS.map(() => 0), sum: 0, count: 0, fresh: [] };
}

/** In the form of Prometheus, whose buckets contain the smaller ones. */
function samplesOf({ name, labels, buckets, sum, count }: Histogram): readonly MetricSample[] {
  const suffixed = (suffix: string, value: number, more: MetricLabels = {}): MetricSample => ({
    name,
    labels: { ...labels, ...more },
    value,
    suffix,
  });
  return [
    ...SECONDS_BUCKETS.map((le, i) => suffixed('_bucket', buckets[i] ?? 0, { le: String(le) })),
    suffixed('_bucket', count, { le: '+Inf' }),
    suffixed('_sum', sum),
    suffixed('_count', count),
  ];
}
