/**
 * `sluice status` as tables. Unknown values are question marks, explained below the tables. Pure.
 */
import { visible } from '../../../shared/telemetry/visible.ts';
import { formatAge, formatCount, formatDuration } from '../../../shared/domain/text/counts.ts';
import { jobTable } from '../failures/tables.ts';
import { formatTable } from '../terminal/output.ts';
import { describeWaitingDevice } from '../../../shared/operations/waiting/waiting.ts';
import type {
  ClusterStatusRow,
  DeviceStatusRow,
  QueueRow,
  StatusView,
} from '../../../shared/operations/status/status.ts';

/** Marks a value that could not be read. */
const UNKNOWN = '?';

/** The whole screen. `now` is in milliseconds since 1970. */
export function statusText(view: StatusView, now: number): string {
  const { clusters, queues, devices, jobs } = view;
  const failures =
    Object.entries(view.failures)
      .map(([state, count]) => `${count} ${state}`)
      .join(', ') || 'none';
  return [
    ...(view.network.length === 0 ? [] : [view.network.map(visible).join('\n')]),
    knownTable(
      [
        'CLUSTER',
        'INGRESSES',
        'EXPOSURES',
        'REVISION',
        'LAST EVENT',
        'LAG',
        'OPEN FAILURES',
        'LAST FAILURE',
        'STATE',
      ],
      clusters.map((row) => clusterCells(row, now)),
    ),
    knownTable(
      ['QUEUE', 'WAITING', 'IN FLIGHT', 'OLDEST', ''],
      queues.map((row) => queueCells(row, now)),
    ),
    knownTable(
      ['DEVICE', 'PARTITION', 'STATE', 'ACTIVE UNIT', 'AS3', 'LAST SUCCESS', 'BUSY', 'DETAILS'],
      devices.map((row) => deviceCells(row, now)),
    ),
    ...(view.waiting.length === 0
      ? []
      : [view.waiting.map((one) => describeWaitingDevice(one, now)).join('\n')]),
    ...(view.held.length === 0 ? [] : [view.held.map(visible).join('\n')]),
    `Failures: ${failures}`,
    ...(jobs.length === 0 ? [] : [jobTable(jobs, now)]),
    ...(view.unknown.length === 0
      ? []
      : [
          `Not known here (${UNKNOWN}):\n${view.unknown.map((line) => `  ${visible(line)}`).join('\n')}`,
        ]),
  ].join('\n\n');
}

/** Omits a column in which every value is unknown; the reason is printed below the table. */
function knownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const isKnown = header.map((_, i) => rows.length === 0 || rows.some((row) => row[i] !== UNKNOWN));
  const known = (row: readonly string[]): readonly string[] => row.filter((_, i) => isKnown[i]);
  return formatTable(known(header), rows.map(known));
}

/** Both times in milliseconds since 1970. */
const since = (then: number | undefined, now: number): string =>
  then === undefined ? UNKNOWN : `${formatAge(then, now)} ago`;

/**
 * If no device answered for the cluster, what it declares is unknown, which is different from none.
 */
function clusterCells(c: ClusterStatusRow, now: number): readonly string[] {
  const lag = c.lag === undefined ? UNKNOWN : formatDuration(c.lag);
  const declared = c.known
    ? [String(c.ingresses), String(c.exposures), c.revision]
    : [UNKNOWN, UNKNOWN, UNKNOWN];
  return [
    c.cluster,
    ...declared,
    since(c.lastEvent, now),
    lag,
    String(c.openFailures),
    c.lastFailure === undefined ? '-' : since(c.lastFailure, now),
    c.standing,
  ];
}

/**
 * An empty queue has no oldest message; for others the age may be unknown, because not every kind
 * of queue reports it.
 */
function queueCells(q: QueueRow, now: number): readonly string[] {
  if (q.problem !== undefined) return [q.queue, UNKNOWN, UNKNOWN, UNKNOWN, q.problem];
  const empty = q.waiting + q.inFlight === 0;
  const expiry =
    q.expiresIn === undefined ? '' : `the first expires in ${formatDuration(q.expiresIn)}`;
  const note = q.isAbsent ? 'there is no queue file yet' : expiry;
  return [
    q.queue,
    String(q.waiting),
    String(q.inFlight),
    empty ? '-' : q.oldest === undefined ? UNKNOWN : formatAge(q.oldest, now),
    note,
  ];
}

/** A partition that cannot be read shows the code and the reason instead of its state. */
function deviceCells(d: DeviceStatusRow, now: number): readonly string[] {
  const busy = d.busy === undefined ? '-' : `${d.busy.busy} of ${d.busy.of}`;
  if (d.problem !== undefined)
    return [
      d.device,
      d.partition,
      d.code ?? 'away',
      UNKNOWN,
      UNKNOWN,
      since(d.lastSuccess, now),
      busy,
      d.problem,
    ];
  return [
    d.device,
    d.partition,
    'reachable',
    d.unit ?? UNKNOWN,
    d.as3 ?? UNKNOWN,
    since(d.lastSuccess, now),
    busy,
    `${formatCount(d.exposures ?? 0, 'exposure')}, read in ${d.milliseconds} ms${pathWords(d)}`,
  ];
}

/** Without paths, nothing is said about them. */
function pathWords({ paths }: DeviceStatusRow): string {
  if (paths === undefined) return '';
  const { wanted, refused, stale, held } = paths;
  const more = Object.entries({ refused, stale, held }).filter(([, count]) => count > 0);
  const words = more.map(([word, count]) => `${count} ${word}`).join(', ');
  return `; ${formatCount(wanted, 'path entry', 'path entries')}${words === '' ? '' : ` (${words})`}`;
}
