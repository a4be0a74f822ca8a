/** Figures of clusters and devices, computed from the histories of owners. Pure. */
import { parseOwner } from '../../domain/snapshot/snapshot.ts';
import type { HistoryEntry, OwnerHistory } from '../../failures/history.ts';
import { RETENTION_MS } from '../../queue/limits.ts';
import type { QueueDepth, QueueName } from '../../queue/port.ts';

const HOUR_MS = 3_600_000;

/** Times of one cluster, from the newest results. */
export interface ClusterFigures {
  /**
   * Time at which the newest version of the cluster was declared, or else at which the watcher
   * observed the event of the newest result; milliseconds since 1970.
   */
  readonly lastEvent?: number;
  /** Milliseconds from the watcher's observation to the newest result for it. */
  readonly lag?: number;
}

/** Times of one device, from the results of all owners. */
export interface DeviceFigures {
  /** Time of the last successful apply, or of a check without changes. */
  readonly lastSuccess?: number;
  /** Number of busy results among the results of the last hour. Absent if there were none. */
  readonly busy?: { readonly busy: number; readonly of: number };
}

/**
 * The time of the first hop, at which the watcher observed the event. Undefined if it is missing or
 * no time.
 */
function seenAt({ hops }: HistoryEntry): number | undefined {
  const at = Date.parse(hops[0]?.at ?? '');
  return Number.isNaN(at) ? undefined : at;
}

/**
 * `seen`: time at which the devices declared the cluster's newest version. Histories omit repeated
 * results, and results of a rival do not count.
 */
export function clusterFigures(
  cluster: string,
  histories: readonly OwnerHistory[],
  seen: readonly string[] = [],
): ClusterFigures {
  const declared =
    seen.length === 0 ? {} : { lastEvent: Math.max(...seen.map((at) => Date.parse(at))) };
  return { ...ofHistories(cluster, histories), ...declared };
}

/**
 * The figures of the newest result. Entries with nothing but retries do not count, because no
 * result exists yet.
 */
function ofHistories(cluster: string, histories: readonly OwnerHistory[]): ClusterFigures {
  const own = histories
    .filter((history) => parseOwner(history.owner).cluster === cluster)
    .flatMap((history) => history.chapters);
  const newest = own
    .filter(({ outcomes }) => Object.keys(outcomes).join() !== 'retry')
    .sort((a, b) => b.last - a.last)[0];
  const seen = newest && seenAt(newest);
  if (newest === undefined || seen === undefined) return {};
  return { lastEvent: seen, lag: Math.max(0, newest.last - seen) };
}

/** Outcomes after which the device is up to date. */
const WELL = new Set(['applied', 'unchanged']);

/** The figures of a device. `now` limits "the last hour". */
export function deviceFigures(
  device: string,
  histories: readonly OwnerHistory[],
  now: number,
): DeviceFigures {
  const own = histories
    .flatMap((history) => history.chapters)
    .filter((entry) => entry.device === device);
  const successes = own
    .filter(({ outcomes }) => Object.keys(outcomes).some((outcome) => WELL.has(outcome)))
    .map((entry) => entry.last);
  const recent = own.filter((entry) => now - entry.last < HOUR_MS);
  const count = (entries: readonly HistoryEntry[]): number =>
    entries.reduce((sum, { times }) => sum + times, 0);
  const busy = recent.filter(({ lines }) =>
    lines.some((line) => line.outcome === 'retry' && line.code === 'BIP503'),
  );
  return {
    ...(successes.length === 0 ? {} : { lastSuccess: Math.max(...successes) }),
    ...(recent.length === 0 ? {} : { busy: { busy: count(busy), of: count(recent) } }),
  };
}

/**
 * Milliseconds until the first dead letter expires; undefined if there is none or it is unknown.
 */
export function expiresIn(
  name: QueueName,
  { oldest }: QueueDepth,
  now: number,
): number | undefined {
  return name.endsWith('-dead') && oldest !== undefined
    ? Math.max(0, oldest + RETENTION_MS - now)
    : undefined;
}
