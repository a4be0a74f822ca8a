/** What a run needs to keep the paths of a device. */
import { isReachedOn } from '../../../shared/config/path-checks.ts';
import { pathClusters } from '../../../shared/domain/declared/reach.ts';
import type { DeclaredState } from '../../../shared/domain/declared/declared.ts';
import type { ClusterConfig, DeviceConfig, SluiceConfig } from '../../../shared/config/schema.ts';
import type { Device } from '../../../shared/device/device.ts';
import type { Slice } from '../../../shared/domain/exposure/exposure.ts';
import { parseOwner } from '../../../shared/domain/snapshot/snapshot.ts';
import type { Order } from '../../../shared/domain/steering/steering.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import type { Logger } from '../../../shared/telemetry/log.ts';
import type { PathMeter } from '../../../shared/telemetry/path-meter.ts';

/** One run on one device. */
export interface PathJob {
  readonly device: Device;
  /** Its networks say where paths are kept. */
  readonly config: DeviceConfig;
  /** The clusters of this installation, with their networks. */
  readonly site: Pick<SluiceConfig, 'clusters' | 'ingresses'>;
  /** The newest slice of each owner. */
  readonly slices: readonly Slice[];
  /** Approvals of removals are among them. */
  readonly orders: readonly Order[];
  /** Something else than slices arrived, which may concern any cluster. */
  readonly isAnyCluster: boolean;
  /** How often the messages of the run were received, with this time. */
  readonly tries: number;
  /** Times in the journal are milliseconds since 1970. */
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  /** Absent: nobody reads figures in this process. */
  readonly meter?: PathMeter | undefined;
  /** As in `PartitionJob`. */
  readonly prove: () => Promise<void>;
  /** False near the end of the function's time; then the next run continues. */
  readonly hasTime: () => boolean;
}

/** Clusters whose paths Sluice keeps on the device. */
function reachedClusters({ site, config }: PathJob): readonly ClusterConfig[] {
  return site.clusters.filter((one) => isReachedOn(site, config, one, ['routes', 'vxlan']));
}

/** Clusters whose paths are ours; `states`: of the partitions of the device. */
export function ownClusters(
  { site }: PathJob,
  states: readonly DeclaredState[],
): ReadonlySet<string> {
  return pathClusters(site.clusters, states);
}

/** Whether the run concerns a cluster with paths. Otherwise the device is asked nothing. */
export function concernsPaths(job: PathJob): boolean {
  const reached = new Set(reachedClusters(job).map(({ id }) => id));
  const asked = job.slices.some(({ owner }) => reached.has(parseOwner(owner).cluster));
  return reached.size > 0 && (asked || job.isAnyCluster);
}
