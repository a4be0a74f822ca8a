/**
 * Metrics of the watcher for Prometheus; `docs/reference/metrics.md` lists them, and a test
 * compares both.
 */
import { Counter, Gauge, Histogram, Registry, type Metric } from 'prom-client';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { QueueMeter } from '../leader/fenced-queues.ts';
import type { StreamReport } from '../cache/cluster-cache.ts';
import type { MetricSample } from '../../../shared/telemetry/metric.ts';
import { registerSamples } from './samples.ts';

/** Receives events that metrics count. */
export interface WatchMeter extends QueueMeter {
  /** `lag`: milliseconds since the oldest change that it contains for the first time. */
  snapshot(owner: string, lag: number | undefined): void;
  /** A result for this owner arrived. */
  settled(owner: string): void;
}

/** The metrics of one watcher, in their own registry. */
export interface Metrics {
  /** Counts what happens; the rest is read from the source at each scrape. */
  readonly meter: WatchMeter;
  readonly registry: Registry;
  /** The answer to a scrape: `type` is the content type of Prometheus' text format. */
  text(): Promise<{ readonly type: string; readonly text: string }>;
}

/** State that metrics read when they are scraped. */
export interface MetricsSource {
  /** One for each stream that runs now. */
  readonly states: () => readonly StreamReport[];
  /** Undefined on a standby replica. */
  readonly epoch: () => number | undefined;
  /** Another leader keeps this process from leading (OWN306). */
  readonly isRefused: () => boolean;
  /** Milliseconds by which this clock leads the API server's; undefined if unknown. */
  readonly ahead: () => number | undefined;
  readonly clock: Clock;
  /** Metrics of the functions in this process, and of what they share; empty without them. */
  readonly samples: () => Promise<readonly MetricSample[]>;
}

const VERSION = '0.1.0';
const PREFIX = 'sluice_watch_';
/** The labels of metrics about one stream. */
const STREAM = ['kind', 'group', 'namespace'] as const;
/** Upper bounds of the histogram. */
const LAG_BUCKETS_SECONDS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120];

type Labels = Readonly<Record<string, string>>;

/** A metric that is computed when it is scraped, so that no state must be updated. */
interface ReadMetric {
  /** Complete. */
  readonly name: string;
  /** For Prometheus, and for docs/reference/metrics.md, which a test compares. */
  readonly help: string;
  readonly labels?: readonly string[];
  /** Each set of labels with its value; ended streams are omitted. */
  readonly read: (source: MetricsSource) => readonly (readonly [labels: Labels, value: number])[];
}

/** Registers all metrics. Gauges are read from `source` at every scrape. */
export function createMetrics(source: MetricsSource): Metrics {
  const registry = new Registry();
  for (const row of READ_METRICS) registry.registerMetric(metricFor(row, source));
  const { refresh } = registerSamples(registry, source.samples);
  return {
    meter: createWatchMeter(registry),
    registry,
    text: async () => {
      await refresh();
      return { type: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** By Prometheus convention, names of counters end in `_total`. */
function metricFor({ name, help, labels = [], read }: ReadMetric, source: MetricsSource): Metric {
  const options = { name, help, labelNames: labels, registers: [] };
  if (name.endsWith('_total'))
    return new Counter({
      ...options,
      collect() {
        this.reset();
        for (const [values, value] of read(source)) this.inc(values, value);
      },
    });
  return new Gauge({
    ...options,
    collect() {
      this.reset();
      for (const [values, value] of read(source)) this.set(values, value);
    },
  });
}

/** A metric without labels. */
function plain(name: string, help: string, read: (source: MetricsSource) => number): ReadMetric {
  return { name: `${PREFIX}${name}`, help, read: (source) => [[{}, read(source)]] };
}

/** A metric with one value for each stream. */
function perStream(name: string, help: string, read: (stream: StreamReport) => number): ReadMetric {
  return {
    name: `${PREFIX}stream_${name}`,
    help,
    labels: STREAM,
    read: (source) => source.states().map((stream) => [labelsOf(stream), read(stream)]),
  };
}

const READ_METRICS: readonly ReadMetric[] = [
  {
    name: `${PREFIX}build_info`,
    help: 'Always 1; the labels describe the running version.',
    labels: ['version', 'node'],
    read: () => [[{ version: VERSION, node: process.versions.node }, 1]],
  },
  plain('leader', '1 on the leading replica, 0 on a standby replica.', ({ epoch }) =>
    Number(epoch() !== undefined),
  ),
  plain('epoch', 'Epoch of the current term; 0 on a standby replica.', ({ epoch }) => epoch() ?? 0),
  plain(
    'leadership_refused',
    '1 while this process does not lead because another one does, with another Lease (OWN306).',
    ({ isRefused }) => Number(isRefused()),
  ),
  plain(
    'time_seconds',
    'Clock of the watcher, for comparison with the timestamps below.',
    ({ clock }) => seconds(clock.now()),
  ),
  plain(
    'clock_ahead_seconds',
    "Lead of the watcher's clock over the clock of the API server; also 0 if unknown.",
    ({ ahead }) => seconds(ahead() ?? 0),
  ),
  plain('resident_memory_bytes', 'Resident memory of the process.', () =>
    process.memoryUsage.rss(),
  ),
  plain('heap_used_bytes', 'Heap memory in use.', () => process.memoryUsage().heapUsed),
  plain('cpu_seconds_total', 'CPU time of the process.', cpuSeconds),
  perStream('objects', 'Objects in the cache.', ({ objects }) => objects),
  perStream(
    'live',
    '1 while the stream follows the cluster, 0 while it is interrupted or the cluster does not serve the kind.',
    ({ state }) => Number(state === 'live'),
  ),
  perStream(
    'last_list_timestamp_seconds',
    'Time of the last complete list; 0 for never.',
    ({ figures }) => seconds(figures.lastList),
  ),
  perStream(
    'last_event_timestamp_seconds',
    'Time of the last watch event; 0 for never.',
    ({ figures }) => seconds(figures.lastEvent),
  ),
  perStream(
    'last_byte_timestamp_seconds',
    'Time of the last sign of life from the API server; /readyz depends on it.',
    ({ figures }) => seconds(figures.lastByte),
  ),
  perStream('events_total', 'Events received.', ({ figures }) => figures.events),
  perStream('received_bytes_total', 'Bytes received.', ({ figures }) => figures.bytes),
  perStream(
    'interruptions_total',
    'Times that the stream ended with an error.',
    ({ figures }) => figures.interruptions,
  ),
  {
    name: `${PREFIX}stream_lists_total`,
    help:
      'Complete lists by cause: first, expired (410), denied (401, 403), failed, unserved, ' +
      'due, asked (after acquiring the Lease).',
    labels: [...STREAM, 'cause'],
    read: (source) =>
      source
        .states()
        .flatMap((stream) =>
          Object.entries(stream.figures.lists).map(
            ([cause, count]) => [{ ...labelsOf(stream), cause }, count] as const,
          ),
        ),
  },
];

/** Metrics that are counted when events happen. */
function createWatchMeter(registry: Registry): WatchMeter {
  const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
    new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers: [registry] });
  const snapshots = counter('snapshots_total', 'Snapshots accepted by the queue.', ['owner']);
  const lags = new Histogram({
    name: 'sluice_watch_snapshot_lag_seconds',
    help:
      'Time from the first change to the accepted snapshot that carries it, ' +
      'including debounce and waiting for results.',
    buckets: LAG_BUCKETS_SECONDS,
    registers: [registry],
  });
  const results = counter('results_total', 'Results received from the queue.', ['owner']);
  const messages = counter('queue_messages_total', 'Messages accepted by the queue.', ['queue']);
  const bytes = counter('queue_sent_bytes_total', 'Bytes of the accepted messages.', ['queue']);
  const faults = counter(
    'queue_errors_total',
    'Calls that the queue refused or did not answer: send, receive, delete.',
    ['queue', 'operation'],
  );
  return {
    snapshot: (owner, lag) => {
      snapshots.inc({ owner });
      if (lag !== undefined) lags.observe(seconds(lag));
    },
    settled: (owner) => results.inc({ owner }),
    sent: (queue, size) => {
      messages.inc({ queue });
      bytes.inc({ queue }, size);
    },
    failed: (queue, operation) => faults.inc({ queue, operation }),
  };
}

/** An absent namespace means that the stream covers the whole cluster. */
function labelsOf({ kind, group, namespace }: StreamReport): Labels {
  return { kind, group, namespace: namespace ?? '' };
}

/** Prometheus expects seconds. */
function seconds(ms: number): number {
  return ms / 1_000;
}

/** User and system time of the process. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
