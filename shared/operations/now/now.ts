/** The first page: troubles, or one calm line. */
import { formatCount } from '../../domain/text/counts.ts';
import type { OperationContext } from '../context.ts';
import { heardOn } from '../clusters/clusters.ts';
import { clusterRows } from '../clusters/rows.ts';
import { unansweredOf } from '../devices/declared-partitions.ts';
import { readQueues } from '../status/status.ts';
import { waitingView } from '../waiting/waiting.ts';
import { troublesOf } from './troubles.ts';
import type { Trouble } from './trouble.ts';

/** What is not normal, and the size of what is. */
export interface Now {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly troubles: readonly Trouble[];
  /** One sentence if there is no trouble. */
  readonly calm?: string;
  readonly counts: {
    readonly clusters: number;
    readonly devices: number;
    readonly exposures: number;
    readonly open: number;
    readonly runningJobs: number;
  };
  /** RFC 3339: the oldest of the views; absent if nothing was seen. */
  readonly seen?: string;
}

/** Reads the failure store, the queues and what is known of the devices. */
export async function readNow(context: OperationContext): Promise<Now> {
  const { runtime, store, jobs, views, waiting, lineage, readPartitions } = context;
  const { config, clock } = runtime;
  const [partitions, heads, all, marks, waits, queues, heard, rollback, audits] = await Promise.all(
    [
      readPartitions(config.devices),
      store.list(),
      jobs.list(),
      waiting.marks(),
      waiting.list(),
      readQueues(runtime),
      heardOn(context, config.devices),
      lineage.recent(),
      Promise.all(config.devices.map(({ name }) => views.audit(name))),
    ],
  );
  const now = clock.now();
  const seen = partitions.flatMap((one) => ('state' in one ? [one] : []));
  const troubles = troublesOf({
    heads,
    waiting: waitingView(marks, waits).devices,
    clusters: clusterRows(config, partitions, now, heard),
    audits: audits.filter((one) => one !== undefined),
    queues,
    jobs: all,
    unseen: unansweredOf(partitions),
    rollback,
    now,
  });
  const counts = {
    clusters: config.clusters.length,
    devices: config.devices.length,
    exposures: seen.reduce((sum, { state }) => sum + Object.keys(state.exposures).length, 0),
    open: heads.filter(({ state }) => state === 'open').length,
    runningJobs: all.filter(({ state }) => state === 'running').length,
  };
  const oldest = seen
    .flatMap(({ at }) => at ?? [])
    .toSorted()
    .at(0);
  return {
    at: now,
    troubles,
    ...(troubles.length === 0 && { calm: calmLine(counts) }),
    counts,
    ...(oldest !== undefined && { seen: oldest }),
  };
}

function calmLine({ clusters, devices, exposures }: Now['counts']): string {
  return (
    `All is well: ${formatCount(exposures, 'port')} of ${formatCount(clusters, 'cluster')} ` +
    `on ${formatCount(devices, 'device')}.`
  );
}
