/** The data of `sluice status`. */
import type { PathFigures } from '../../device/path-figures.ts';
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import { compareRevisions, formatRevision } from '../../domain/revision.ts';
import { clusterOfFailure } from '../../failures/filter.ts';
import type { OwnerHistory } from '../../failures/history.ts';
import type { FailureHead } from '../../failures/port.ts';
import type { ReplayJob } from '../../failures/replay/job.ts';
import { queueBackend } from '../../queue/open.ts';
import type { QueueName } from '../../queue/port.ts';
import { errorCode, errorMessage } from '../../telemetry/errors.ts';
import type { OperationContext } from '../context.ts';
import type { DeclaredPartitionView } from '../devices/declared-partitions.ts';
import { heardOn } from '../clusters/clusters.ts';
import { networkNotes } from '../health/unreached.ts';
import { heldInLines } from '../clusters/held.ts';
import { clusterRows, needsAttention, describeStanding } from '../clusters/rows.ts';
import type { ClusterRow as Place } from '../clusters/rows.ts';
import { waitingView } from '../waiting/waiting.ts';
import type { WaitingDevice } from '../waiting/waiting.ts';
import { clusterFigures, deviceFigures, expiresIn } from './figures.ts';
import type { ClusterFigures, DeviceFigures } from './figures.ts';

/** One queue. `problem` replaces the figures of a queue that does not answer. */
export interface QueueRow {
  readonly queue: string;
  /** Messages that nobody holds. */
  readonly waiting: number;
  /** Messages that a receiver holds. */
  readonly inFlight: number;
  /** Sending time of its oldest message; milliseconds since 1970. */
  readonly oldest?: number;
  /** Milliseconds until the first dead letter expires. */
  readonly expiresIn?: number;
  /** There is no queue file yet. */
  readonly isAbsent?: true;
  /** Why the figures are missing. */
  readonly problem?: string;
}

/** One cluster, over all devices. */
export interface ClusterStatusRow extends ClusterFigures {
  readonly cluster: string;
  /** Ingresses with a record on any device. */
  readonly ingresses: number;
  /** Declared on all devices. */
  readonly exposures: number;
  /** False if no device answers, so the declared figures are unknown. */
  readonly known: boolean;
  /** The newest revision declared on any device. */
  readonly revision: string;
  readonly openFailures: number;
  /** When one of them was last seen; milliseconds since 1970. */
  readonly lastFailure?: number;
  /** `enabled`, or the exceptions with their devices: drained, silent, rival, held removals. */
  readonly standing: string;
  /** It needs attention; "sluice cluster list" has details. */
  readonly needsLook: boolean;
}

/** One partition. `problem` replaces the figures of a device that does not answer. */
export interface DeviceStatusRow extends DeviceFigures {
  readonly device: string;
  readonly partition: string;
  readonly exposures?: number;
  /** How long the device took to answer. */
  readonly milliseconds?: number;
  /** Host name of the active unit. */
  readonly unit?: string;
  /** Version of AS3. */
  readonly as3?: string;
  /** The same for every partition of the device. */
  readonly paths?: PathFigures;
  readonly code?: string;
  readonly problem?: string;
}

/** All tables of `sluice status`. */
export interface StatusView {
  readonly clusters: readonly ClusterStatusRow[];
  readonly queues: readonly QueueRow[];
  readonly devices: readonly DeviceStatusRow[];
  /** Devices with waiting changes. */
  readonly waiting: readonly WaitingDevice[];
  /** What waits for an approval to move nodes, with the command; one line for each owner. */
  readonly held: readonly string[];
  /** Members that are down in a way that points to the network; one line each. */
  readonly network: readonly string[];
  /** Count by state. */
  readonly failures: Readonly<Record<string, number>>;
  /** Jobs that have not ended. */
  readonly jobs: readonly ReplayJob[];
  /** Values that cannot be determined here, and where to find them. */
  readonly unknown: readonly string[];
}

/**
 * Reads devices, queues and the failure store in parallel. A part that does not answer is reported
 * in its row.
 */
export async function readStatus({
  runtime,
  store,
  jobs,
  history,
  heard,
  waiting,
  readPartitions,
}: OperationContext): Promise<StatusView> {
  const { config, clock } = runtime;
  const [rows, declared, heads, all, histories, marks, waits, newest] = await Promise.all([
    readQueues(runtime),
    readPartitions(config.devices, { health: true }),
    store.list(),
    jobs.list(),
    history.all(),
    waiting.marks(),
    waiting.list(),
    heardOn({ runtime, heard }, config.devices),
  ]);
  const now = clock.now();
  const places = clusterRows(config, declared, now, newest);
  const clusters = config.clusters.map(({ id }) =>
    clusterRow(id, {
      declared,
      heads,
      places: places.filter(({ cluster }) => cluster === id),
      histories,
    }),
  );
  return {
    clusters,
    queues: rows,
    devices: declared.map((d) => deviceRow(d, histories, now)),
    waiting: waitingView(marks, waits).devices,
    held: heldInLines(config, declared),
    network: networkNotes(config, declared).map(({ code, message }) => `${message} (${code})`),
    failures: Object.fromEntries(
      [...Map.groupBy(heads, (head) => head.state)].map(([state, list]) => [state, list.length]),
    ),
    jobs: all.filter((job) => job.state !== 'done' && job.state !== 'cancelled'),
    unknown: unknownIn(clusters, rows, queueBackend(config.queue).oldestElsewhere),
  };
}

/**
 * Why a column shows question marks, and where the values can be found. A queue without messages
 * needs no age.
 */
function unknownIn(
  clusters: readonly ClusterStatusRow[],
  queues: readonly QueueRow[],
  oldestElsewhere: string | undefined,
): readonly string[] {
  const holdsMessages = queues.some((q) => q.problem === undefined && q.waiting + q.inFlight > 0);
  const silent = clusters.filter((c) => c.lastEvent === undefined).map((c) => c.cluster);
  return [
    'LAST LIST: known only to the watcher in the cluster; see its metric sluice_watch_stream_lists_total',
    ...(silent.length === 0
      ? []
      : [
          `LAST EVENT, LAG: no result of ${silent.join(', ')} contains the time of the watcher's event`,
        ]),
    ...(oldestElsewhere !== undefined && holdsMessages ? [`OLDEST: ${oldestElsewhere}`] : []),
  ];
}

/** The depth of every queue of the configuration. */
export async function readQueues(
  runtime: OperationContext['runtime'],
): Promise<readonly QueueRow[]> {
  const names: readonly QueueName[] = [
    'snapshots',
    'slices',
    'express',
    'snapshots-dead',
    'slices-dead',
    ...runtime.config.clusters.map(({ id }) => `settled-${id}` as const),
  ];
  return Promise.all(names.map((name) => depth(runtime, name)));
}

/** A queue that does not answer has a row with the reason. */
async function depth(
  { queues, clock }: OperationContext['runtime'],
  name: QueueName,
): Promise<QueueRow> {
  try {
    const found = await queues.queue(name).depth();
    const left = expiresIn(name, found, clock.now());
    return { queue: name, ...found, ...(left === undefined ? {} : { expiresIn: left }) };
  } catch (error) {
    return {
      queue: name,
      waiting: 0,
      inFlight: 0,
      problem: `${errorMessage(error)} (${errorCode(error) ?? 'Q601'})`,
    };
  }
}

/** The results of the last hour are known even if the device does not answer. */
function deviceRow(
  d: DeclaredPartitionView,
  histories: readonly OwnerHistory[],
  now: number,
): DeviceStatusRow {
  const { device, partition } = d;
  const figures = deviceFigures(device, histories, now);
  if (!('state' in d)) return { device, partition, code: d.code, problem: d.problem, ...figures };
  const { hostname, software } = d.facts ?? {};
  return {
    device,
    partition,
    exposures: Object.keys(d.state.exposures).length,
    ...(d.milliseconds === undefined ? {} : { milliseconds: d.milliseconds }),
    ...(hostname === undefined ? {} : { unit: hostname }),
    ...(software === undefined ? {} : { as3: software }),
    ...(d.paths && { paths: d.paths.figures }),
    ...figures,
  };
}

/** What was read about all clusters. */
interface Known {
  readonly declared: readonly DeclaredPartitionView[];
  readonly heads: readonly FailureHead[];
  /** The cluster on each device. */
  readonly places: readonly Place[];
  readonly histories: readonly OwnerHistory[];
}

/** Counts over all partitions that were read. An ingress on several devices counts once. */
function clusterRow(
  cluster: string,
  { declared, heads, places, histories }: Known,
): ClusterStatusRow {
  const states = declared.flatMap((d) => ('state' in d ? [d.state] : []));
  const owners = states.flatMap((state) =>
    Object.entries(state.owners).filter(([owner]) => parseOwner(owner).cluster === cluster),
  );
  const newest = owners
    .map(([, record]) => record.version)
    .sort(compareRevisions)
    .at(-1);
  const open = heads.filter((head) => head.state === 'open' && clusterOfFailure(head) === cluster);
  const exposures = states
    .flatMap((state) => Object.values(state.exposures))
    .filter((e) => e.contributions.some((c) => parseOwner(c.owner).cluster === cluster));
  return {
    cluster,
    ingresses: new Set(owners.map(([owner]) => owner)).size,
    exposures: exposures.length,
    revision: newest === undefined ? '-' : formatRevision(newest),
    openFailures: open.length,
    ...(open.length === 0 ? {} : { lastFailure: Math.max(...open.map((head) => head.last)) }),
    standing: states.length === 0 ? '?' : describeStanding(places),
    known: states.length > 0,
    needsLook: places.some(needsAttention),
    ...clusterFigures(
      cluster,
      histories,
      places.flatMap(({ seen }) => seen ?? []),
    ),
  };
}

/** Whether nothing needs attention. */
export function isWell({ clusters, queues, devices, waiting, failures }: StatusView): boolean {
  return (
    waiting.length === 0 &&
    !clusters.some((row) => row.needsLook) &&
    [...queues, ...devices].every((row) => row.problem === undefined) &&
    (failures['open'] ?? 0) === 0
  );
}
