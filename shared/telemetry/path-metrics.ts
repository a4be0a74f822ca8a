/**
 * Metrics of the paths to pods, from the figures of apply and audit in the same process.
 */
import type { MetricSample } from './metric.ts';
import { PATH_OUTCOMES, PATH_STATES, type DevicePathFigures } from './path-meter.ts';

/** One value for each set of labels. */
export interface PathMetric {
  /** Complete; with `_total` it is a counter. */
  readonly name: string;
  /** For Prometheus and docs/reference/metrics.md. */
  readonly help: string;
  readonly labels: readonly string[];
  /** Called at each scrape, with the figures of all devices. */
  readonly read: (
    all: readonly DevicePathFigures[],
  ) => readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

/**
 * Their only labels are the device and a state or outcome: nodes and networks would make a series
 * for each entry.
 */
export const PATH_METRICS: readonly PathMetric[] = [
  {
    name: 'sluice_paths',
    help:
      'Routes, records of tunnels, ARP and NDP entries by state: wanted, refused (of the wanted ' +
      'ones), stale, held (of the stale ones).',
    labels: ['device', 'state'],
    read: (all) =>
      all.flatMap(({ device, states }) =>
        states === undefined
          ? []
          : PATH_STATES.map((state) => [{ device, state }, states[state]] as const),
      ),
  },
  {
    name: 'sluice_paths_oldest_stale_seconds',
    help: 'Time since the last member left the oldest stale entry; 0 if there is none.',
    labels: ['device'],
    read: (all) =>
      all.flatMap(({ device, states }) =>
        states === undefined ? [] : [[{ device }, states.oldestStaleSeconds] as const],
      ),
  },
  {
    name: 'sluice_path_writes_total',
    help: 'Writes to entries by outcome: written, removed, refused by the device, failed.',
    labels: ['device', 'outcome'],
    read: (all) =>
      all.flatMap(({ device, writes }) =>
        PATH_OUTCOMES.map((outcome) => [{ device, outcome }, writes[outcome]] as const),
      ),
  },
  {
    name: 'sluice_path_waiting_members',
    help: 'New members that wait until there is a path to their pod.',
    labels: ['device'],
    read: (all) => all.map(({ device, waiting }) => [{ device }, waiting] as const),
  },
];

/** All values now. */
export function pathSamples(all: readonly DevicePathFigures[]): readonly MetricSample[] {
  return PATH_METRICS.flatMap(({ name, read }) =>
    read(all).map(([labels, value]) => ({ name, labels, value })),
  );
}
