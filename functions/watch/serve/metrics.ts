/** Figures of the watcher for Prometheus; `docs/reference/metrics.md` lists them, and a test compares. */
import {
  Counter,
  Gauge,
  Histogram,
  Registry,
  type CollectFunction,
  type Metric,
} from 'prom-client';
import type { Change } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Clock } from '../../../shared/runtime/runtime.ts';
import type { QueueMeter } from '../leader/fenced-queues.ts';
import type { StreamReport } from '../cache/cluster-cache.ts';

export interface Meter extends QueueMeter {
  /** `lag`: milliseconds from the oldest change that it carries for the first time. */
  snapshot(owner: string, lag: number | undefined): void;
  settled(owner: string): void;
}

export interface Metrics {
  readonly meter: Meter;
  readonly registry: Registry;
  text(): Promise<{ readonly type: string; readonly text: string }>;
}

export interface MetricsSource {
  readonly states: () => readonly StreamReport[];
  /** Undefined for a replica that stands by. */
  readonly epoch: () => number | undefined;
  /** Milliseconds of this machine's clock before the API server's; undefined where that does not tell. */
  readonly ahead: () => number | undefined;
  readonly clock: Clock;
}

export const VERSION = '0.1.0';
const STREAM = ['kind', 'group', 'namespace'] as const;
const LAGS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120];

type StreamLabels = Record<(typeof STREAM)[number], string>;

export function createMetrics(source: MetricsSource): Metrics {
  const registry = new Registry();
  // Registered by hand: a metric that registers itself looks like an object nobody uses.
  const add = (metric: Metric): void => registry.registerMetric(metric);
  const seconds = (ms: number): number => ms / 1_000;

  /** Read when it is asked for, so that nothing has to be kept up to date. */
  const gauge = (name: string, help: string, read: () => number): void => {
    add(
      new Gauge({
        name: `sluice_watch_${name}`,
        help,
        registers: [],
        collect() {
          this.set(read());
        },
      }),
    );
  };
  const perStream = (name: string, help: string, read: (stream: StreamReport) => number): void => {
    const collect: CollectFunction<Gauge<keyof StreamLabels>> = function collect() {
      // A stream may have ended.
      this.reset();
      for (const stream of source.states()) this.set(labelsOf(stream), read(stream));
    };
    add(
      new Gauge({
        name: `sluice_watch_stream_${name}`,
        help,
        labelNames: STREAM,
        registers: [],
        collect,
      }),
    );
  };
  const countStream = (
    name: string,
    help: string,
    read: (stream: StreamReport) => number,
  ): void => {
    const collect: CollectFunction<Counter<keyof StreamLabels>> = function collect() {
      this.reset();
      for (const stream of source.states()) this.inc(labelsOf(stream), read(stream));
    };
    add(
      new Counter({
        name: `sluice_watch_stream_${name}_total`,
        help,
        labelNames: STREAM,
        registers: [],
        collect,
      }),
    );
  };

  add(
    new Gauge({
      name: 'sluice_watch_build_info',
      help: 'Always 1; the labels describe the running version.',
      labelNames: ['version', 'node'],
      registers: [],
      collect() {
        this.set({ version: VERSION, node: process.versions.node }, 1);
      },
    }),
  );
  gauge('leader', '1 on the leading replica, 0 on a standby replica.', () =>
    Number(source.epoch() !== undefined),
  );
  gauge('epoch', 'Epoch of the current term; 0 on a standby replica.', () => source.epoch() ?? 0);
  gauge('time_seconds', 'Clock of the watcher, for comparison with the timestamps below.', () =>
    seconds(source.clock.now()),
  );
  gauge(
    'clock_ahead_seconds',
    "Lead of the watcher's clock over the clock of the API server; also 0 if unknown.",
    () => seconds(source.ahead() ?? 0),
  );
  gauge('resident_memory_bytes', 'Resident memory of the process.', () =>
    process.memoryUsage.rss(),
  );
  gauge('heap_used_bytes', 'Heap memory in use.', () => process.memoryUsage().heapUsed);
  add(
    new Counter({
      name: 'sluice_watch_cpu_seconds_total',
      help: 'CPU time of the process.',
      registers: [],
      collect() {
        this.reset();
        this.inc(cpuSeconds());
      },
    }),
  );

  perStream('objects', 'Objects in the cache.', ({ objects }) => objects);
  perStream(
    'live',
    '1 while the stream follows the cluster, 0 while it is interrupted or the cluster does not serve the kind.',
    ({ state }) => Number(state === 'live'),
  );
  perStream(
    'last_list_timestamp_seconds',
    'Time of the last complete list; 0 for never.',
    ({ figures }) => seconds(figures.lastList),
  );
  perStream(
    'last_event_timestamp_seconds',
    'Time of the last watch event; 0 for never.',
    ({ figures }) => seconds(figures.lastEvent),
  );
  perStream(
    'last_byte_timestamp_seconds',
    'Time of the last sign of life from the API server; /readyz depends on it.',
    ({ figures }) => seconds(figures.lastByte),
  );
  countStream('events', 'Events received.', ({ figures }) => figures.events);
  countStream('received_bytes', 'Bytes received.', ({ figures }) => figures.bytes);
  countStream(
    'interruptions',
    'Times that the stream ended with an error.',
    ({ figures }) => figures.interruptions,
  );
  const countLists: CollectFunction<Counter<keyof StreamLabels | 'cause'>> = function collect() {
    this.reset();
    for (const stream of source.states())
      for (const [cause, count] of Object.entries(stream.figures.lists))
        this.inc({ ...labelsOf(stream), cause }, count);
  };
  add(
    new Counter({
      name: 'sluice_watch_stream_lists_total',
      help: 'Complete lists by cause: first, expired (410), denied (401, 403), failed, unserved, due, asked (after acquiring the Lease).',
      labelNames: [...STREAM, 'cause'],
      registers: [],
      collect: countLists,
    }),
  );

  const snapshots = new Counter({
    name: 'sluice_watch_snapshots_total',
    help: 'Snapshots accepted by the queue.',
    labelNames: ['owner'],
    registers: [registry],
  });
  const lags = new Histogram({
    name: 'sluice_watch_snapshot_lag_seconds',
    help: 'Time from the first change to the accepted snapshot that carries it, including debounce and waiting for results.',
    buckets: LAGS,
    registers: [registry],
  });
  const results = new Counter({
    name: 'sluice_watch_results_total',
    help: 'Results received from the queue.',
    labelNames: ['owner'],
    registers: [registry],
  });
  const messages = new Counter({
    name: 'sluice_watch_queue_messages_total',
    help: 'Messages accepted by the queue.',
    labelNames: ['queue'],
    registers: [registry],
  });
  const bytes = new Counter({
    name: 'sluice_watch_queue_sent_bytes_total',
    help: 'Bytes of the accepted messages.',
    labelNames: ['queue'],
    registers: [registry],
  });
  const faults = new Counter({
    name: 'sluice_watch_queue_errors_total',
    help: 'Calls that the queue refused or did not answer: send, receive, delete.',
    labelNames: ['queue', 'operation'],
    registers: [registry],
  });

  const meter: Meter = {
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
  return {
    meter,
    registry,
    text: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
}

function labelsOf({ kind, group, namespace }: StreamReport): StreamLabels {
  return { kind, group, namespace: namespace ?? '' };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

/** From a change to the first snapshot that carries it. */
export class LagMeter {
  readonly #seen = new WeakMap<Change, number>();

  seen(change: Change, now: number): void {
    this.#seen.set(change, now);
  }

  /** The longest of those that are carried for the first time. */
  sent(changes: readonly Change[], now: number): number | undefined {
    const lags = changes.flatMap((change) => {
      const at = this.#seen.get(change);
      this.#seen.delete(change);
      return at === undefined ? [] : [now - at];
    });
    return lags.length === 0 ? undefined : Math.max(...lags);
  }
}
