/**
 * Metrics of a Lambda function as lines of its log, in the embedded metric format, from which
 * CloudWatch makes metrics without a call of its own.
 */
import type { Meter, Observed } from '../telemetry/meter.ts';
import { sampleKey } from '../telemetry/meter.ts';
import type { MetricLabels, MetricRow, MetricSample } from '../telemetry/metric.ts';
import { METRICS } from '../telemetry/metrics.ts';
import type { PathMeter } from '../telemetry/path-meter.ts';
import { pathSamples } from '../telemetry/path-metrics.ts';

/** What the lines are made of. */
export interface EmfOptions {
  readonly meter: Meter;
  readonly pathMeter: PathMeter;
  /** CloudWatch's name for a set of metrics. */
  readonly namespace: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Writes one line; the fields are at the top level of its JSON. */
  readonly write: (line: object) => void;
}

/** Limit of the format: values of one metric in a line. */
const MAX_VALUES = 100;

/** The values of one metric, by the labels that are kept. */
interface Kept {
  readonly row: MetricRow;
  readonly labels: MetricLabels;
  readonly values: readonly number[];
}

/** Resolves to a function that writes what is new since its last call. */
export function createEmf({ meter, pathMeter, namespace, now, write }: EmfOptions): () => void {
  const told = new Map<string, number>();
  return () => {
    const { observed, gauges } = meter.takeNew();
    const counted = [...meter.read(), ...pathSamples(pathMeter.read())].filter(
      ({ name, suffix }) => suffix === undefined && name.endsWith('_total'),
    );
    const grown = counted.flatMap((sample) => {
      const key = sampleKey(sample);
      const value = sample.value - (told.get(key) ?? 0);
      told.set(key, sample.value);
      return value === 0 ? [] : [{ ...sample, value }];
    });
    for (const line of emfLines([...grown, ...gauges], observed, { namespace, at: now() }))
      write(line);
  };
}

/** One line for each set of labels. Pure. */
export function emfLines(
  samples: readonly MetricSample[],
  observed: readonly Observed[],
  { namespace, at }: { readonly namespace: string; readonly at: number },
): readonly object[] {
  const singles = samples.map((one) => ({ ...one, values: [one.value] }));
  const kept = METRICS.flatMap((row) => {
    const own = [...singles, ...observed].filter(({ name }) => name === row.name);
    return row.dimensions.flatMap((labels) => keep(row, labels, own));
  });
  const lines = Map.groupBy(kept, ({ labels }) => JSON.stringify(labels));
  return [...lines.values()].flatMap((same) => linesOf(same, namespace, at));
}

/** Values with an empty label are in the totals only: CloudWatch takes no empty text. */
function keep(
  row: MetricRow,
  labels: readonly string[],
  own: readonly Observed[],
): readonly Kept[] {
  const groups = Map.groupBy(own, (one) => JSON.stringify(labels.map((l) => one.labels[l] ?? '')));
  return [...groups.values()].flatMap((same) => {
    const values = labels.map((label) => [label, same[0]?.labels[label] ?? ''] as const);
    if (values.some(([, value]) => value === '')) return [];
    const all = same.flatMap((one) => one.values);
    return [{ row, labels: Object.fromEntries(values), values: combined(row, all) }];
  });
}

function combined({ kind, combine }: MetricRow, values: readonly number[]): readonly number[] {
  if (kind === 'histogram') return values;
  if (combine === 'max') return [Math.max(...values)];
  if (combine === 'min') return [Math.min(...values)];
  return [values.reduce((sum, one) => sum + one, 0)];
}

/** More than one only if a metric has more values than a line takes. */
function linesOf(same: readonly Kept[], namespace: string, at: number): readonly object[] {
  const longest = Math.max(...same.map(({ values }) => values.length));
  return Array.from({ length: Math.ceil(longest / MAX_VALUES) }, (_, i) => {
    const part = same.flatMap(({ values, ...rest }) => {
      const some = values.slice(i * MAX_VALUES, (i + 1) * MAX_VALUES);
      return some.length === 0 ? [] : [{ ...rest, values: some }];
    });
    return {
      _aws: {
        Timestamp: at,
        CloudWatchMetrics: [
          {
            Namespace: namespace,
            Dimensions: [Object.keys(same[0]?.labels ?? {})],
            Metrics: part.map(({ row: { name } }) => ({ Name: name, Unit: unitOf(name) })),
          },
        ],
      },
      ...same[0]?.labels,
      ...Object.fromEntries(
        part.map(({ row, values }) => [row.name, values.length === 1 ? values[0] : values]),
      ),
    };
  });
}

function unitOf(name: string): 'Count' | 'Seconds' | 'None' {
  if (name.endsWith('_total')) return 'Count';
  return name.endsWith('_seconds') ? 'Seconds' : 'None';
}
