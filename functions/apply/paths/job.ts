/** What a run needs to keep the paths of a device. */
import { isReachedOn } from '../../../shared/config/path-checks.ts';
import type { ClusterConfig, DeviceConfig, SluiceConfig } from '../../../shared/config/schema.ts';
import type { Device } from '../../../shared/device/device.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import type { Grace } from '../../../shared/domain/paths/needs.ts';
import { parseOwner } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Order } from '../../../shared/domain/steering/steering.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';

/** One run on one device. */
export interface PathJob {
  readonly device: Device;
  readonly config: DeviceConfig;
  readonly site: Pick<SluiceConfig, 'clusters' | 'ingresses'>;
  /** The newest slice of each owner. */
  readonly slices: readonly Slice[];
  readonly orders: readonly Order[];
  /** Something else than slices arrived, which may concern any cluster. */
  readonly isAnyCluster: boolean;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  /** As in `PartitionJob`. */
  readonly prove: () => Promise<void>;
  readonly hasTime: () => boolean;
}

/** Clusters whose paths Sluice keeps on the device. */
function reachedClusters({ site, config }: PathJob): readonly ClusterConfig[] {
  return site.clusters.filter((one) => isReachedOn(site, config, one, ['routes', 'vxlan']));
}

/** Whether the run concerns a cluster with paths. Otherwise the device is asked nothing. */
export function concernsPaths(job: PathJob): boolean {
  const reached = new Set(reachedClusters(job).map(({ id }) => id));
  const asked = job.slices.some(({ owner }) => reached.has(parseOwner(owner).cluster));
  return reached.size > 0 && (asked || job.isAnyCluster);
}

/** Added to the time in which members drain. */
const MARGIN_MS = 60_000;
/** How much longer paths stay if connections were open when the last member left. */
const OPEN_MS = 3_600_000;

/** How long paths stay that nobody needs. */
export function graceOf({ site }: PathJob): Grace {
  const seconds = (id: string): number =>
    Math.max(
      0,
      ...site.ingresses.filter(({ cluster }) => cluster === id).map((one) => one.drainSeconds),
    );
  return {
    ofCluster: new Map(site.clusters.map(({ id }) => [id, seconds(id) * 1000 + MARGIN_MS])),
    open: OPEN_MS,
  };
}
