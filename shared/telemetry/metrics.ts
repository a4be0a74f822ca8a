/**
 * The metrics of Sluice beyond those of the watcher, decided once: `sluice up` serves them to
 * Prometheus, and the functions on AWS write them for CloudWatch under the same names. Labels are
 * bounded by the configuration and the code table, and never name an owner.
 * `docs/reference/metrics.md` lists them, and a test compares both.
 */
import type { MetricRow } from './metric.ts';
import type { PathMetric } from './path-metrics.ts';
import { PATH_METRICS } from './path-metrics.ts';

/** Upper bounds of histograms in seconds; a declare takes up to two minutes. */
export const SECONDS_BUCKETS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120];

/** Counted by functions when it happens. */
const COUNTED = [
  {
    name: 'sluice_device_declares_total',
    help:
      'Declares by outcome: applied, unchanged, refused (the content), busy (another client ' +
      'declares), raced (another client declared in between), unknown (no answer), failed.',
    kind: 'counter',
    labels: ['device', 'partition', 'outcome'],
    dimensions: [['outcome'], ['device', 'outcome']],
  },
  {
    name: 'sluice_device_declare_seconds',
    help: 'Time that the device took for a declare that succeeded.',
    kind: 'histogram',
    labels: ['device'],
    dimensions: [[], ['device']],
  },
  {
    name: 'sluice_device_busy_total',
    help: 'Times that another client held the device: refused declares, and looks at its lock.',
    kind: 'counter',
    labels: ['device'],
    dimensions: [[], ['device']],
  },
  {
    name: 'sluice_dead_letters_total',
    help: 'Dead letters that were stored as failures, with the queue they were taken from.',
    kind: 'counter',
    labels: ['queue', 'code'],
    dimensions: [[], ['code']],
  },
] as const satisfies readonly MetricRow[];

/** Names that {@link Meter} counts. */
export type CountedName = Extract<(typeof COUNTED)[number], { kind: 'counter' }>['name'];
export type ObservedName = Extract<(typeof COUNTED)[number], { kind: 'histogram' }>['name'];

/** Read from the failure store and the queues. */
const READ = [
  {
    name: 'sluice_store_reachable',
    help: '1 if the failure store answers, otherwise 0; without it, only queues have values.',
    kind: 'gauge',
    labels: [],
    dimensions: [[]],
    combine: 'min',
  },
  {
    name: 'sluice_device_reachable',
    help: '0 while changes wait because the device is away, or if the last audit could not read it.',
    kind: 'gauge',
    labels: ['device'],
    dimensions: [[], ['device']],
    combine: 'min',
  },
  {
    name: 'sluice_device_info',
    help: 'Always 1; the labels have the active unit and the version of AS3 as the last audit saw them.',
    kind: 'gauge',
    labels: ['device', 'unit', 'software'],
    dimensions: [],
  },
  {
    name: 'sluice_device_audit_timestamp_seconds',
    help: 'Time of the last audit of the device.',
    kind: 'gauge',
    labels: ['device'],
    dimensions: [],
  },
  {
    name: 'sluice_device_waiting_changes',
    help: 'Slices and orders that wait in the failure store until the device works again.',
    kind: 'gauge',
    labels: ['device'],
    dimensions: [[], ['device']],
    combine: 'sum',
  },
  {
    name: 'sluice_drift_findings',
    help: 'Objects that differed from the declaration at the last audit, by code.',
    kind: 'gauge',
    labels: ['device', 'code'],
    dimensions: [[], ['device']],
    combine: 'sum',
  },
  {
    name: 'sluice_queue_reachable',
    help: '1 if the queue answers, otherwise 0.',
    kind: 'gauge',
    labels: ['queue'],
    dimensions: [[]],
    combine: 'min',
  },
  {
    name: 'sluice_queue_messages',
    help: 'Messages in the queue by state: waiting, in_flight. Approximate with SQS.',
    kind: 'gauge',
    labels: ['queue', 'state'],
    dimensions: [],
  },
  {
    name: 'sluice_queue_oldest_seconds',
    help:
      'Age of the oldest message; 0 if there is none. SQS does not report it here, so a queue ' +
      'there has the time for which every audit found messages that nobody takes.',
    kind: 'gauge',
    labels: ['queue'],
    dimensions: [],
  },
  {
    name: 'sluice_settled_oldest_seconds',
    help: 'The largest sluice_queue_oldest_seconds of the queues that watchers take from.',
    kind: 'gauge',
    labels: [],
    dimensions: [[]],
    combine: 'max',
  },
  {
    name: 'sluice_failures',
    help: 'Failures that need somebody, by state: open, quarantined.',
    kind: 'gauge',
    labels: ['queue', 'code', 'state'],
    dimensions: [[], ['code']],
    combine: 'sum',
  },
  {
    name: 'sluice_replay_jobs',
    help: 'Replay jobs that have not ended, by state.',
    kind: 'gauge',
    labels: ['state'],
    dimensions: [['state']],
    combine: 'sum',
  },
  {
    name: 'sluice_cluster_silence_seconds',
    help: 'Time since the newest event of the cluster that the device has; absent before the first.',
    kind: 'gauge',
    labels: ['cluster', 'device'],
    dimensions: [[]],
    combine: 'max',
  },
  {
    name: 'sluice_cluster_silent',
    help: '1 if the cluster was not heard for longer than clusters[].silentAfter, otherwise 0.',
    kind: 'gauge',
    labels: ['cluster', 'device'],
    dimensions: [[]],
    combine: 'sum',
  },
  {
    name: 'sluice_cluster_held_removals',
    help: 'Removals that wait for an approval.',
    kind: 'gauge',
    labels: ['cluster', 'device'],
    dimensions: [[]],
    combine: 'sum',
  },
] as const satisfies readonly MetricRow[];

/** Names of gauges that are read. */
export type ReadName = (typeof READ)[number]['name'];

export const METRICS: readonly MetricRow[] = [...COUNTED, ...READ, ...PATH_METRICS.map(ofPaths)];

/** Paths have figures of their own, in `path-meter.ts`. */
function ofPaths({ name, help, labels }: PathMetric): MetricRow {
  const rest = labels.filter((label) => label !== 'device');
  return {
    name,
    help,
    labels,
    kind: name.endsWith('_total') ? 'counter' : 'gauge',
    dimensions: [rest],
    combine: name.endsWith('_seconds') ? 'max' : 'sum',
  };
}
