/** Everything that `sluice status` shows, as data. */
import { parseOwner } from '../../../shared/domain/ingress/snapshot.ts';
import { compareRevisions, formatRevision } from '../../../shared/domain/revision.ts';
import { clusterOf } from '../../../shared/failures/filter.ts';
import type { Story } from '../../../shared/failures/history.ts';
import type { Head } from '../../../shared/failures/port.ts';
import type { Job } from '../../../shared/failures/replay/job.ts';
import type { QueueName } from '../../../shared/queue/port.ts';
import { errorCode, errorMessage } from '../../../shared/telemetry/errors.ts';
import type { Desk } from '../failures/context.ts';
import { readDeclared } from '../failures/declared.ts';
import type { Declared } from '../failures/declared.ts';
import { clusterRows, needsLook, standing } from '../clusters/rows.ts';
import type { ClusterRow as Place } from '../clusters/rows.ts';
import { waitingView } from '../waiting/rows.ts';
import type { WaitingDevice } from '../waiting/rows.ts';
import { clusterFigures, deviceFigures, expiresIn } from './figures.ts';
import type { ClusterFigures, DeviceFigures } from './figures.ts';

export interface QueueRow {
  readonly queue: string;
  readonly waiting: number;
  readonly inFlight: number;
  /** When its oldest message was sent; milliseconds since 1970. */
  readonly oldest?: number;
  /** Milliseconds until the first dead letter is lost. */
  readonly expiresIn?: number;
  readonly problem?: string;
}

export interface ClusterRow extends ClusterFigures {
  readonly cluster: string;
  readonly ingresses: number;
  readonly exposures: number;
  /** False where no device gives an answer: then the figures of what is declared are none. */
  readonly known: boolean;
  /** The newest that any device declares. */
  readonly revision: string;
  readonly openFailures: number;
  readonly lastFailure?: number;
  /** `enabled`, or what is otherwise and where: drained, silent, with a rival, with held removals. */
  readonly standing: string;
  /** Somebody should look: "sluice cluster list" says more. */
  readonly needsLook: boolean;
}

export interface DeviceRow extends DeviceFigures {
  readonly device: string;
  readonly partition: string;
  readonly exposures?: number;
  readonly milliseconds?: number;
  /** Host name of the active unit. */
  readonly unit?: string;
  readonly as3?: string;
  readonly code?: string;
  readonly problem?: string;
}

export interface View {
  readonly clusters: readonly ClusterRow[];
  readonly queues: readonly QueueRow[];
  readonly devices: readonly DeviceRow[];
  /** Devices for which something waits. */
  readonly waiting: readonly WaitingDevice[];
  /** How many, by state. */
  readonly failures: Readonly<Record<string, number>>;
  /** Those that have not ended. */
  readonly jobs: readonly Job[];
  /** What cannot be known from here, and who knows it. */
  readonly unknown: readonly string[];
}

export async function readView({ runtime, store, jobs, history, waiting }: Desk): Promise<View> {
  const { config, clock } = runtime;
  const names: readonly QueueName[] = [
    'snapshots',
    'slices',
    'express',
    'snapshots-dead',
    'slices-dead',
    ...config.clusters.map(({ id }) => `settled-${id}` as const),
  ];
  const [rows, declared, heads, all, stories, marks, waits] = await Promise.all([
    Promise.all(names.map((name) => depth(runtime, name))),
    readDeclared(runtime),
    store.list(),
    jobs.list(),
    history.all(),
    waiting.marks(),
    waiting.list(),
  ]);
  const now = clock.now();
  const places = clusterRows(config, declared, now);
  const clusters = config.clusters.map(({ id }) =>
    clusterRow(id, {
      declared,
      heads,
      places: places.filter(({ cluster }) => cluster === id),
      stories,
    }),
  );
  return {
    clusters,
    queues: rows,
    devices: declared.map((d) => deviceRow(d, stories, now)),
    waiting: waitingView(marks, waits).devices,
    failures: Object.fromEntries(
      [...Map.groupBy(heads, (head) => head.state)].map(([state, list]) => [state, list.length]),
    ),
    jobs: all.filter((job) => job.state !== 'done' && job.state !== 'cancelled'),
    unknown: unknownIn(clusters, rows, config.queue.kind === 'sqs'),
  };
}

function unknownIn(
  clusters: readonly ClusterRow[],
  queues: readonly QueueRow[],
  isSqs: boolean,
): readonly string[] {
  const ageless =
    isSqs && queues.some((q) => q.problem === undefined && q.waiting + q.inFlight > 0);
  const silent = clusters.filter((c) => c.lastEvent === undefined).map((c) => c.cluster);
  return [
    'LAST LIST: only the watcher in the cluster knows; its metrics say it (sluice_watch_stream_lists_total)',
    ...(silent.length === 0
      ? []
      : [
          `LAST EVENT, LAG: no result of ${silent.join(', ')} is known that tells when the watcher saw its event`,
        ]),
    ...(ageless ? ['OLDEST: SQS says it to CloudWatch only (ApproximateAgeOfOldestMessage)'] : []),
  ];
}

async function depth({ queues, clock }: Desk['runtime'], name: QueueName): Promise<QueueRow> {
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

function deviceRow(d: Declared, stories: readonly Story[], now: number): DeviceRow {
  const { device, partition } = d;
  const figures = deviceFigures(device, stories, now);
  if (!('state' in d)) return { device, partition, code: d.code, problem: d.problem, ...figures };
  const { hostname, as3 } = d.facts ?? {};
  return {
    device,
    partition,
    exposures: Object.keys(d.state.exposures).length,
    milliseconds: d.milliseconds,
    ...(hostname === undefined ? {} : { unit: hostname }),
    ...(as3 === undefined ? {} : { as3 }),
    ...figures,
  };
}

interface Known {
  readonly declared: readonly Declared[];
  readonly heads: readonly Head[];
  /** The cluster on each device. */
  readonly places: readonly Place[];
  readonly stories: readonly Story[];
}

function clusterRow(cluster: string, { declared, heads, places, stories }: Known): ClusterRow {
  const states = declared.flatMap((d) => ('state' in d ? [d.state] : []));
  const owners = states.flatMap((state) =>
    Object.entries(state.owners).filter(([owner]) => parseOwner(owner).cluster === cluster),
  );
  const newest = owners
    .map(([, record]) => record.version)
    .sort(compareRevisions)
    .at(-1);
  const open = heads.filter((head) => head.state === 'open' && clusterOf(head) === cluster);
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
    standing: states.length === 0 ? '?' : standing(places),
    known: states.length > 0,
    needsLook: places.some(needsLook),
    ...clusterFigures(
      cluster,
      stories,
      places.flatMap(({ seen }) => seen ?? []),
    ),
  };
}
